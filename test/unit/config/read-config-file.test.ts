import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { configPath, readConfigFile } from "../../../src/config/read-config-file.ts";
import { scratchDirectory } from "../../helpers/scratch.ts";

const HARMLESS = "contexts:\n  a:\n    seeds: a:1\n    password-file: x\n  b: {password-env: B}\n";
const PASSWORD = "contexts:\n  a: {password: hunter2}\n";
const COMMAND = "contexts:\n  a: {password-command: [pass]}\n";

/** An environment whose file with the contexts is this one. */
function environmentWith(content: string | Buffer, mode = 0o600) {
  const environment = emptyEnvironment();
  const path = configPath(environment);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return environment;
}

function emptyEnvironment() {
  const environment = { XDG_CONFIG_HOME: scratchDirectory("config").path };
  mkdirSync(dirname(configPath(environment)));
  return environment;
}

test("lies in XDG_CONFIG_HOME, or in ~/.config where that is none", () => {
  expect(configPath({ XDG_CONFIG_HOME: "/x" })).toBe("/x/slotctl/config.yaml");
  for (const environment of [{}, { XDG_CONFIG_HOME: "" }, { XDG_CONFIG_HOME: "relative" }]) {
    expect(configPath(environment)).toBe(join(homedir(), ".config/slotctl/config.yaml"));
  }
});

test("need not be there", async () => {
  expect(await readConfigFile(emptyEnvironment())).toBeUndefined();
  expect(await readConfigFile({ XDG_CONFIG_HOME: "/dev/null" })).toBeUndefined();
});

test.each([
  [HARMLESS, 0o644],
  [HARMLESS, 0o444],
  [PASSWORD, 0o600],
  [PASSWORD, 0o400],
  [COMMAND, 0o700],
])("%j is read with mode %o", async (text, mode) => {
  expect((await readConfigFile(environmentWith(text, mode)))?.contexts.has("a")).toBe(true);
});

test.each([
  [PASSWORD, 0o644],
  [PASSWORD, 0o640],
  [PASSWORD, 0o604],
  [COMMAND, 0o644],
  [COMMAND, 0o640],
  [HARMLESS, 0o620],
  [HARMLESS, 0o602],
])("%j is refused with mode %o", async (text, mode) => {
  await expect(readConfigFile(environmentWith(text, mode))).rejects.toMatchObject({
    code: "CONFIG_EXPOSED",
    exitCode: 2,
    hint: expect.stringContaining("chmod 600 /"),
  });
});

test("the permissions of what a link points to count", async () => {
  const environment = emptyEnvironment();
  const target = configPath(environmentWith(PASSWORD, 0o644));
  symlinkSync(target, configPath(environment));
  await expect(readConfigFile(environment)).rejects.toMatchObject({ code: "CONFIG_EXPOSED" });
});

test.each([
  ["larger than 64 KiB", `# ${"x".repeat(64 * 1024)}`, /larger than 64 KiB/],
  ["no UTF-8", Buffer.from([0x61, 0x3a, 0x20, 0xff]), /no UTF-8/],
])("a file that is %s", async (_, content, message) => {
  await expect(readConfigFile(environmentWith(content))).rejects.toMatchObject({
    code: "CONFIG_UNREADABLE",
    exitCode: 2,
    message: expect.stringMatching(message),
  });
});

test("a folder, a device and a pipe are no files, and nobody waits for them", async () => {
  const folder = emptyEnvironment();
  mkdirSync(configPath(folder));
  const device = emptyEnvironment();
  symlinkSync("/dev/zero", configPath(device));
  const pipe = emptyEnvironment();
  execFileSync("mkfifo", [configPath(pipe)]);
  for (const environment of [folder, device, pipe]) {
    await expect(readConfigFile(environment)).rejects.toMatchObject({ code: "CONFIG_UNREADABLE" });
  }
});
