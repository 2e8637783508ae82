import { describe, expect, test } from "vitest";
import { parseConfigFile } from "../../../src/config/parse-config-file.ts";
import { SlotctlError } from "../../../src/errors.ts";

const ORIGIN = { path: "/etc/me/slotctl/config.yaml", home: "/h/me" };

function parse(text: string) {
  return parseConfigFile(text, ORIGIN);
}

/** The settings of the only context, from lines that are indented below its name. */
function context(...lines: readonly string[]) {
  const { contexts } = parse(`contexts:\n  prod:\n${lines.map((line) => `    ${line}\n`).join("")}`);
  return contexts.get("prod")!;
}

function refusal(text: string): SlotctlError {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof SlotctlError) return error;
    throw error;
  }
  throw new Error("it was taken");
}

describe("a file that says everything", () => {
  const file = parse(`
current: prod
contexts:
  prod:
    seeds: [10.0.0.1:6379, "[::1]:6380"]
    user: admin
    password-command: [pass, show, "redis prod"]
    tls: true
    sni: db.example.com
    cacert: ca.pem
    cacertdir: /etc/ssl/certs
    cert: ~/certs/me.crt
    key: ../keys/me.key
    insecure: false
    zones:
      10.0.0.1: a
      10: "010"
    address-map:
      172.17.0.2:6379: localhost:7001
      172.17.0.3: "::1"
  lab.2:
    seeds: 127.0.0.1:7000, 127.0.0.1:7001
`);

  test("is taken as it stands: texts stay texts, and files lie beside it", () => {
    expect(file.current).toBe("prod");
    expect(file.contexts.get("prod")).toEqual({
      name: "prod",
      seeds: [
        { host: "10.0.0.1", port: 6379 },
        { host: "::1", port: 6380 },
      ],
      user: "admin",
      password: { kind: "command", words: ["pass", "show", "redis prod"] },
      tls: true,
      sni: "db.example.com",
      cacert: "/etc/me/slotctl/ca.pem",
      cacertdir: "/etc/ssl/certs",
      cert: "/h/me/certs/me.crt",
      key: "/etc/me/keys/me.key",
      insecure: false,
      zones: new Map([
        ["10.0.0.1", "a"],
        ["10", "010"],
      ]),
      addressMap: [
        { inside: { host: "172.17.0.2", port: 6379 }, outside: { host: "localhost", port: 7001 } },
        { inside: { host: "172.17.0.3", port: undefined }, outside: { host: "::1", port: undefined } },
      ],
    });
  });

  test("seeds may stand in one text", () => {
    expect(file.contexts.get("lab.2")).toMatchObject({
      seeds: [
        { host: "127.0.0.1", port: 7000 },
        { host: "127.0.0.1", port: 7001 },
      ],
      tls: false,
      password: undefined,
    });
  });
});

test.each(["", "\n\n# nothing\n", "contexts: {}"])("%j has no contexts", (text) => {
  expect(parse(text)).toMatchObject({ current: undefined, contexts: new Map() });
});

describe("passwords", () => {
  test.each([
    ["password: ' 0x10 '", { kind: "text", text: " 0x10 " }],
    ["password: yes", { kind: "text", text: "yes" }],
    ["password-env: PROD_AUTH", { kind: "environment", variable: "PROD_AUTH" }],
    ["password-file: secrets/prod", { kind: "file", path: "/etc/me/slotctl/secrets/prod" }],
    ["password-command: [vault, 'a b', '$HOME', ';']", { kind: "command", words: ["vault", "a b", "$HOME", ";"] }],
    ["password-command: [bin/get]", { kind: "command", words: ["/etc/me/slotctl/bin/get"] }],
  ])("%s", (line, password) => {
    expect(context(line).password).toEqual(password);
  });
});

test.each(["sni: a", "cacert: a", "cacertdir: a", "insecure: true"])("%s means TLS", (line) => {
  expect(context(line).tls).toBe(true);
});

describe("what is refused, with the line", () => {
  test.each([
    ["contexts:\n  prod:\n    seed: a:1", 3, /context prod has "seed", which is no setting/, /There are seeds, user/],
    ["contexts:\n  prod:\n    hunter2 is it: a", 3, /has something that, which is no setting/],
    ["current: prod", 1, /names none/, /no contexts/],
    ["contexts:\n  lab: {user: a}\ncurrent: prod", 3, /names none/, /There are lab/],
    ["defaults: {}", 1, /the file has "defaults"/],
    ["- a", 1, /the file has to be names with values/],
    ["contexts: [a]", 1, /contexts has to be names with values/],
    ["contexts:\n  prod:\n", 2, /context prod has to be names with values/],
    ["contexts:\n  none: {user: a}", 2, /no name for a context/],
    ["contexts:\n  a b: {user: a}", 2, /no name for a context/],
    ["contexts:\n  __proto__: {user: [a]}", 2, /user has to be a text/],
    ["contexts:\n  p:\n    seeds:\n      - a:1\n      - a:99999", 5, /a seed is no address/],
    ["contexts:\n  p:\n    seeds: {a: b}", 3, /seeds has to be a text/],
    ["contexts:\n  p:\n    user:\n", 3, /user has to be a text/],
    ['contexts:\n  p:\n    user: "a\\e[2Jb"', 3, /user has to be a text on one line/],
    ["contexts:\n  p:\n    password: [a]", 3, /password has to be a text/],
    ["contexts:\n  p:\n    password: a\n    password-env: B", 4, /password-env cannot stand beside password/],
    ["contexts:\n  p:\n    password-env: A-B", 3, /name of an environment variable/],
    ["contexts:\n  p:\n    password-command: pass show prod", 3, /list of words/, /no shell/],
    ["contexts:\n  p:\n    password-command: []", 3, /list of words/],
    ["contexts:\n  p:\n    password-command: [a, [b]]", 3, /list of words/],
    ['contexts:\n  p:\n    password-command: [a, "b\\0c"]', 3, /list of words/],
    ["contexts:\n  p:\n    tls: yes", 3, /true or false/],
    ["contexts:\n  p:\n    tls: false\n    cacert: a", 4, /cacert means nothing with tls: false/],
    ["contexts:\n  p:\n    cert: a", 3, /cert and key belong together/],
    ["contexts:\n  p:\n    zones: [a]", 3, /zones has to be names with values/],
    ["contexts:\n  p:\n    zones:\n      a=b: c", 4, /a zone needs a host/],
    ["contexts:\n  p:\n    address-map:\n      a:1: b", 4, /maps no address/],
  ])("%j, line %i", (text, line, message, hint = /./) => {
    const error = refusal(text);
    expect(error).toMatchObject({ code: "CONFIG_INVALID", exitCode: 2 });
    expect(error.message).toContain(`${ORIGIN.path}, line ${line}: `);
    expect(error.message).toMatch(message);
    expect(error.hint).toMatch(hint);
  });
});

describe("hostile YAML is refused, soon, and by an error of ours", () => {
  const deepBlock = Array.from({ length: 300 }, (_, i) => `${" ".repeat(i)}a:`).join("\n");
  test.each([
    ["a bomb of aliases", "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]", /line 1: anchors/],
    ["an alias to nothing", "a: *b", /line 1: /],
    ["a tag", "contexts: !!js/function 'x'", /line 1: /],
    ["a standard tag", "contexts: !!map {}", /line 1: anchors and tags/],
    ["a merge key", "contexts:\n  a: {user: x}\n  <<: {user: y}", /line 3: /],
    ["the same key twice", "contexts: {}\ncontexts: {}", /line 2: .*duplicate key/],
    ["two documents", "contexts: {}\n---\ncontexts: {}", /line \d: /],
    ["a key that is a list", "? [a, b]\n: c", /line 1: .*non string key/],
    ["a tab as indentation", "contexts:\n\tprod: {}", /line 2: /],
    ["an open quote", "contexts: 'a", /line 1: .*missing char/],
    ["deep lists", "[".repeat(60_000), /nested more than 8 levels deep/],
    ["deep lists that are closed", "[".repeat(20_000) + "]".repeat(20_000), /nested more than 8 levels deep/],
    ["deep maps on one line", "a: ".concat("{a: ".repeat(15_000)), /nested more than 8 levels deep/],
    ["deep dashes", "- ".repeat(30_000), /nested more than 8 levels deep/],
    ["deep questions", "? ".repeat(30_000), /nested more than 8 levels deep/],
    ["deep blocks", deepBlock, /nested more than 8 levels deep/],
    ["closing brackets only", "}".repeat(1_000), /line 1: /],
  ])("%s", (_, text, message) => {
    const error = refusal(text);
    expect(error).toMatchObject({ code: "CONFIG_INVALID", exitCode: 2 });
    expect(error.message).toMatch(message);
  });
});

test.each([
  "contexts:\n  p:\n    password: [hunter2]",
  "contexts:\n  p:\n    password: hunter2\n   user: a",
  'contexts:\n  p:\n    password: "hunter2\\q"',
  "contexts:\n  p:\n    password: *hunter2",
  "contexts:\n  p:\n    password: !hunter2 a",
  "contexts:\n  p:\n    password: @hunter2",
  "contexts:\n  p:\n    tls: hunter2",
  "contexts:\n  p:\n    seeds: hunter2",
  "contexts:\n  p: hunter2",
  "contexts:\n  p:\n    hunter2 !: x",
  "contexts:\n  p:\n    password-env: $hunter2",
])("what may be a secret is not repeated: %j", (text) => {
  const { message, hint = "", details } = refusal(text);
  expect(`${message}${hint}${details.join()}`).not.toContain("hunter2");
});
