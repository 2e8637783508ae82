import { describe, expect, test } from "vitest";
import { chooseContext } from "../../../src/config/choose-context.ts";
import { effectiveSettings, type GivenSettings } from "../../../src/config/effective.ts";
import { parseConfigFile } from "../../../src/config/parse-config-file.ts";
import { says } from "../../../src/config/setting.ts";

const FILE = parseConfigFile(
  `
current: prod
contexts:
  prod:
    seeds: [10.0.0.1:1, 10.0.0.2:2]
    user: ctx
    password-file: /ctx
    sni: ctx
    cacert: /ctx.ca
    cacertdir: /ctx.d
    cert: /ctx.crt
    key: /ctx.key
    insecure: true
    zones: {a: ctx, b: ctx}
    address-map: {in: ctx}
  lab: {}
`.replace("lab: {}", "lab: {user: lab}"),
  { path: "/config.yaml", home: "/" },
);
const PROD = FILE.contexts.get("prod")!;
const SEED = { host: "arg", port: 7 };

interface Case {
  readonly given?: GivenSettings;
  readonly seeds?: readonly { host: string; port: number }[];
  readonly env?: Readonly<Record<string, string>>;
  readonly context?: typeof PROD;
}

function effective({ given = {}, seeds = [], env = {}, context }: Case) {
  return effectiveSettings(given, seeds, env, says.option("--context", context));
}

const option = (name: string) => ({ kind: "option", name });
const ours = { kind: "context", name: "prod" };
const standard = { kind: "default" };
const URI = "rediss://uri:uripw@uri:6";

describe("command line before environment before context before default", () => {
  test.each<[keyof ReturnType<typeof effective>, Case, unknown, object]>([
    ["seeds", { seeds: [SEED], given: { host: "h", uri: URI }, context: PROD }, [SEED], { kind: "argument" }],
    ["seeds", { given: { socket: "/s", host: "h" }, context: PROD }, [{ host: "/s", port: 0 }], option("-s")],
    ["seeds", { given: { host: "h", uri: URI }, context: PROD }, [{ host: "h", port: 6379 }], option("-h")],
    ["seeds", { given: { host: "h:9" }, context: PROD }, [{ host: "h", port: 9 }], option("-h")],
    ["seeds", { given: { port: 9 }, context: PROD }, [{ host: "127.0.0.1", port: 9 }], option("-p")],
    ["seeds", { given: { uri: URI }, context: PROD }, [{ host: "uri", port: 6 }], option("-u")],
    ["seeds", { given: { uri: "redis://:pw@" }, context: PROD }, PROD.seeds, ours],
    ["seeds", { context: PROD }, PROD.seeds, ours],
    ["seeds", {}, [], standard],
    ["user", { given: { user: "cli", uri: URI }, context: PROD }, "cli", option("--user")],
    ["user", { given: { uri: URI }, context: PROD }, "uri", option("-u")],
    ["user", { context: PROD }, "ctx", ours],
    ["user", {}, undefined, standard],
    ["password", { given: { askpass: true, pass: "x" }, context: PROD }, { kind: "asked" }, option("--askpass")],
    [
      "password",
      { given: { pass: "x", uri: URI }, env: { SLOTCTL_AUTH: "y" } },
      { kind: "text", text: "x" },
      option("-a"),
    ],
    ["password", { given: { uri: URI }, env: { SLOTCTL_AUTH: "y" } }, { kind: "text", text: "uripw" }, option("-u")],
    [
      "password",
      { env: { SLOTCTL_AUTH: "", VALKEYCLI_AUTH: "v", REDISCLI_AUTH: "r" }, context: PROD },
      { kind: "environment", variable: "VALKEYCLI_AUTH" },
      { kind: "environment", name: "VALKEYCLI_AUTH" },
    ],
    ["password", { context: PROD }, { kind: "file", path: "/ctx" }, ours],
    ["password", { env: { SLOTCTL_AUTH: "" } }, undefined, standard],
    ["tls", { given: { tls: true }, context: PROD }, true, option("--tls")],
    ["tls", { given: { uri: URI }, context: PROD }, true, option("-u")],
    ["tls", { context: PROD }, true, ours],
    ["tls", { given: { uri: "redis://a" } }, false, standard],
    ["sni", { given: { sni: "cli" }, context: PROD }, "cli", option("--sni")],
    ["sni", { given: { cacert: "x", cert: "y" }, context: PROD }, "ctx", ours],
    ["family", { given: { ipv6: true } }, 6, option("-6")],
    ["timeout", { given: { timeout: 5 } }, 5, option("--timeout")],
  ])("%s of %j", (name, input, value, from) => {
    expect(effective(input)[name]).toEqual({ value, from });
  });
});

describe("what belongs together is not mixed", () => {
  test.each([{ cacert: "/x" }, { cacertdir: "/x" }, { insecure: true }])(
    "%j: nothing of the context is trusted",
    (given) => {
      const all = { cacert: undefined, cacertdir: undefined, insecure: false, ...given };
      const { cacert, cacertdir, insecure } = effective({ given, context: PROD });
      expect({ cacert: cacert.value, cacertdir: cacertdir.value, insecure: insecure.value }).toEqual(all);
    },
  );

  test("a certificate of the command line does not go with a key of the context", () => {
    const { cert, key } = effective({ given: { cert: "/x" }, context: PROD });
    expect([cert.value, key.value]).toEqual(["/x", undefined]);
  });
});

test("zones go host by host, and address maps of the command line are tried first", () => {
  const mapping = { inside: { host: "in", port: undefined }, outside: { host: "cli", port: undefined } };
  const given = { zone: new Map([["a", "cli"]]), addressMap: [mapping] };
  const { zones, addressMap } = effective({ given, context: PROD });
  expect(Object.fromEntries(zones)).toEqual({
    a: { value: "cli", from: option("--zone") },
    b: { value: "ctx", from: ours },
  });
  expect(addressMap.map(({ value, from }) => [value.outside.host, from])).toEqual([
    ["cli", option("--address-map")],
    ["ctx", ours],
  ]);
});

describe("which context counts", () => {
  const wish = { option: undefined, variable: undefined, named: [], orCurrent: true };
  const chosen = (more: Partial<Parameters<typeof chooseContext>[1]>, file: typeof FILE | undefined = FILE) => {
    const { value, from } = chooseContext(file, { ...wish, ...more });
    return [value?.name, from.kind];
  };

  test.each([
    [{ option: "lab", variable: "prod" }, ["lab", "option"]],
    [{ variable: "lab" }, ["lab", "environment"]],
    [{ variable: "" }, ["prod", "current"]],
    [{}, ["prod", "current"]],
    [{ option: "none", variable: "lab" }, [undefined, "option"]],
    [{ variable: "none" }, [undefined, "environment"]],
    [{ orCurrent: false }, [undefined, "default"]],
    [{ option: "lab", orCurrent: false }, ["lab", "option"]],
    // The password of the current context is not for any server that somebody looks at.
    [{ named: [SEED] }, [undefined, "default"]],
    [{ named: [PROD.seeds[1]!] }, ["prod", "current"]],
    [{ named: [PROD.seeds[0]!, SEED] }, [undefined, "default"]],
    [{ named: [SEED], option: "prod" }, ["prod", "option"]],
    [{ named: [SEED], variable: "prod" }, ["prod", "environment"]],
  ])("%j", (more, expected) => {
    expect(chosen(more)).toEqual(expected);
  });

  test("none is needed, and one that is not there is an error that lists the others", () => {
    expect(chooseContext(undefined, wish)).toEqual({ value: undefined, from: { kind: "default" } });
    const unknown = (file: typeof FILE | undefined) => () => chooseContext(file, { ...wish, option: "prd" });
    expect(unknown(FILE)).toThrow(expect.objectContaining({ code: "UNKNOWN_CONTEXT", hint: "There are prod, lab" }));
    expect(unknown(undefined)).toThrow(expect.objectContaining({ code: "UNKNOWN_CONTEXT", exitCode: 2 }));
  });
});
