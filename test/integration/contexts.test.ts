import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { formatAddress } from "../../src/model/address.ts";
import { resp } from "../helpers/resp.ts";
import { runSlotctl } from "../helpers/run-slotctl.ts";
import { scratchDirectory } from "../helpers/scratch.ts";
import { startScriptedServer } from "../helpers/scripted-server.ts";

interface Home {
  /** The directory that holds the file, and what a test puts beside it. */
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A user with this config.yaml; `mode` is that of the file. */
function homeWith(yaml: (home: string) => string, mode = 0o600): Home {
  const { path } = scratchDirectory("home");
  mkdirSync(join(path, "slotctl"));
  writeFileSync(join(path, "slotctl", "config.yaml"), yaml(path));
  chmodSync(join(path, "slotctl", "config.yaml"), mode);
  return { path, env: { XDG_CONFIG_HOME: path } };
}

/** Nobody listens at its seeds, and whoever asks for its password leaves a trace. */
function traced(home: string): string {
  return `
current: prod
contexts:
  prod:
    seeds: [127.0.0.1:1, 127.0.0.1:2]
    user: me
    password-command: [touch, ${home}/asked]
    tls: true
    cacert: ca.pem
    zones: { 10.0.0.1: east }
    address-map: { 10.0.0.1: 127.0.0.1 }
  test:
    seeds: 127.0.0.1:3
    password-env: NOT_SET
`;
}

interface ShownSetting {
  readonly name: string;
  readonly value: unknown;
  readonly from: { readonly kind: string; readonly name?: string };
}

async function shown(args: readonly string[], env: Home["env"]): Promise<ReadonlyMap<string, ShownSetting>> {
  const { code, stdout } = await runSlotctl(["config", "show", ...args, "-o", "json"], { env });
  expect(code).toBe(0);
  const { settings } = JSON.parse(stdout) as { settings: readonly ShownSetting[] };
  return new Map(settings.map((setting) => [setting.name, setting]));
}

describe("config show", () => {
  test("tells every setting of a context and who says so, and asks nobody for the password", async () => {
    const { path, env } = homeWith(traced);
    const settings = await shown([], env);
    const prod = { kind: "context", name: "prod" };
    expect(settings.get("context")).toMatchObject({ value: "prod", from: { kind: "current" } });
    expect(settings.get("seeds")).toMatchObject({ value: ["127.0.0.1:1", "127.0.0.1:2"], from: prod });
    expect(settings.get("user")).toMatchObject({ value: "me", from: prod });
    expect(settings.get("password")).toMatchObject({ value: "what touch prints", from: prod });
    expect(settings.get("tls")).toMatchObject({ value: true, from: prod });
    expect(settings.get("cacert")).toMatchObject({ value: join(path, "slotctl", "ca.pem"), from: prod });
    expect(settings.get("zone")).toMatchObject({ value: "10.0.0.1=east", from: prod });
    expect(settings.get("address-map")).toMatchObject({ value: "10.0.0.1=127.0.0.1", from: prod });
    expect(settings.get("insecure")).toMatchObject({ value: false, from: { kind: "default" } });
    expect(existsSync(join(path, "asked"))).toBe(false);
  });

  test("shows that the command line goes before the environment, and that before the context", async () => {
    const { env } = homeWith(traced);
    const variable = { ...env, SLOTCTL_CONTEXT: "test", SLOTCTL_AUTH: "geheim" };
    expect((await shown([], variable)).get("context")).toMatchObject({
      value: "test",
      from: { kind: "environment", name: "SLOTCTL_CONTEXT" },
    });
    const settings = await shown(["--context", "prod", "--user", "you", "127.0.0.1:9"], variable);
    expect(settings.get("context")).toMatchObject({ value: "prod", from: { kind: "option", name: "--context" } });
    expect(settings.get("seeds")).toMatchObject({ value: ["127.0.0.1:9"], from: { kind: "argument" } });
    expect(settings.get("user")).toMatchObject({ value: "you", from: { kind: "option", name: "--user" } });
    expect(settings.get("password")).toMatchObject({ from: { kind: "environment", name: "SLOTCTL_AUTH" } });
    expect(JSON.stringify([...settings])).not.toContain("geheim");
  });

  test("of a password that is not there says where it would be", async () => {
    const { env } = homeWith(traced);
    const { code, stdout } = await runSlotctl(["config", "show", "--context", "test"], { env });
    expect(code).toBe(0);
    expect(stdout).toMatch(/password +in NOT_SET, not shown +context test/);
  });
});

test("config contexts marks the one that counts", async () => {
  const { path, env } = homeWith(traced);
  const { code, stdout } = await runSlotctl(["config", "contexts"], { env });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^\* +prod +127\.0\.0\.1:1, 127\.0\.0\.1:2 +me +command +yes$/m);
  expect(stdout).toMatch(/^ +test +127\.0\.0\.1:3 +environment$/m);
  expect(existsSync(join(path, "asked"))).toBe(false);
});

describe("a command that has nothing to do with the current cluster", () => {
  test.each([
    ["keyslot", "foo"],
    ["schema", "check"],
    ["completion", "bash"],
    ["sandbox", "stop"],
  ])("%s %s neither connects to it nor asks for its password", async (...args) => {
    const { path, env } = homeWith(traced);
    expect(await runSlotctl(args, { env })).toMatchObject({ code: 0, stderr: "" });
    expect(existsSync(join(path, "asked"))).toBe(false);
  });

  test.each([
    ["schema", "check"],
    ["completion", "bash"],
    ["sandbox", "stop"],
  ])("%s %s does not mind a file that cannot be read", async (...args) => {
    const { env } = homeWith(() => "contexts: [");
    expect(await runSlotctl(args, { env })).toMatchObject({ code: 0, stderr: "" });
  });
});

test.each([
  [0o644, "can be read by others"],
  [0o620, "can be written by others"],
])("a file with mode %o that says how to get in is refused", async (mode, why) => {
  const { path, env } = homeWith(traced, mode);
  const { code, stderr } = await runSlotctl(["check"], { env });
  expect(code).toBe(2);
  expect(stderr).toContain(`${why}, and says how to get into clusters: nothing of it is used`);
  expect(stderr).toContain(`hint: chmod 600 ${path}/slotctl/config.yaml`);
  expect(existsSync(join(path, "asked"))).toBe(false);
});

test("a file without secrets may be read by everybody", async () => {
  const { env } = homeWith(() => "contexts:\n  a:\n    seeds: 127.0.0.1:1\n", 0o644);
  expect(await runSlotctl(["config", "contexts"], { env })).toMatchObject({ code: 0 });
});

describe("a password", () => {
  test.each([
    ["of the environment", "password-env: MY_PASSWORD"],
    ["of a file", "password-file: secret"],
    ["that a program prints", "password-command: [echo, geheim]"],
    ["in the file itself", "password: geheim"],
  ])("%s gets to the server", async (_, setting) => {
    await using server = await startScriptedServer(() => resp.error("WRONGPASS not this one"));
    const yaml = `contexts:\n  a:\n    seeds: "${formatAddress(server.address)}"\n    user: me\n    ${setting}\n`;
    const { path, env } = homeWith(() => yaml);
    writeFileSync(join(path, "slotctl", "secret"), "geheim\n", { mode: 0o600 });
    const run = await runSlotctl(["info", "--context", "a"], { env: { ...env, MY_PASSWORD: "geheim" } });
    expect(run.code).toBe(4);
    expect(server.calls).toContainEqual(["AUTH", "me", "geheim"]);
    expect(run.stdout + run.stderr).not.toContain("geheim");
  });

  test("file that others can read is refused", async () => {
    const { path, env } = homeWith(() => "contexts:\n  a:\n    seeds: 127.0.0.1:1\n    password-file: secret\n");
    writeFileSync(join(path, "slotctl", "secret"), "geheim\n");
    chmodSync(join(path, "slotctl", "secret"), 0o644);
    const run = await runSlotctl(["info", "--context", "a"], { env });
    expect(run.code).toBe(2);
    expect(run.stderr).toContain("secret can be read by everybody");
  });
});
