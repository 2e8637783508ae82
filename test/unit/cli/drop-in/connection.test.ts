import { describe, expect, test } from "vitest";
import { commandOf, connectionOf, errorOf, PLAIN, parse } from "../../../helpers/drop-in-lines.ts";

const PASSWORD_WARNING =
  "Warning: Using a password with '-a' or '-u' option on the command line interface may not be safe.";

describe("passwords and questions", () => {
  const check = "--cluster check 127.0.0.1:7001";
  const create = "--cluster create 127.0.0.1:7001";

  test.each([
    ["REDISCLI_AUTH alone", { REDISCLI_AUTH: "r" }, "r"],
    ["17.1.23 VALKEYCLI_AUTH before REDISCLI_AUTH", { REDISCLI_AUTH: "r", VALKEYCLI_AUTH: "v" }, "v"],
    ["SLOTCTL_AUTH before both", { REDISCLI_AUTH: "r", VALKEYCLI_AUTH: "v", SLOTCTL_AUTH: "s" }, "s"],
    ["a variable that is not empty", { REDISCLI_AUTH: "r", VALKEYCLI_AUTH: "", SLOTCTL_AUTH: "" }, "r"],
  ])("17.1.20 the password comes from %s, without a warning", (_title, env, password) => {
    expect(parse(check, env)).toMatchObject({ connection: { password }, warnings: [] });
  });

  test.each(["-a x", "--pass x", "-u redis://u:x@h:1"])("17.1.20 %s beats the environment", (option) => {
    expect(connectionOf(`${check} ${option}`, { REDISCLI_AUTH: "r" })).toMatchObject({ password: "x" });
  });

  test("17.1.20 -u without a password leaves the environment's", () => {
    expect(connectionOf(`${check} -u redis://h:1`, { REDISCLI_AUTH: "r" })).toMatchObject({ password: "r" });
  });

  test.each(["-a x", "--pass x", "-u redis://u:x@h", "-a x --askpass"])("17.1.21 %s gives the warning", (option) => {
    expect(parse(`${check} ${option}`)).toMatchObject({ warnings: [PASSWORD_WARNING] });
    expect(parse(`--no-auth-warning ${check} ${option}`)).toMatchObject({ warnings: [] });
  });

  test.each([
    [{ REDISCLI_CLUSTER_YES: "1" }, true],
    [{ REDISCLI_CLUSTER_YES: "yes" }, false],
    [{ REDISCLI_CLUSTER_YES: "0" }, false],
    [{ VALKEYCLI_CLUSTER_YES: "1" }, true],
    [{ VALKEYCLI_CLUSTER_YES: "1", REDISCLI_CLUSTER_YES: "0" }, true],
    [{ VALKEYCLI_CLUSTER_YES: "0", REDISCLI_CLUSTER_YES: "1" }, false],
  ])("17.1.22, 17.1.23 the environment %o means yes: %s", (env, yes) => {
    expect(commandOf(create, env)).toMatchObject({ yes });
  });

  test("17.1.24 --askpass overrides every other password", () => {
    const connection = connectionOf(`${check} --askpass -a x`, { REDISCLI_AUTH: "r" });
    expect(connection).toEqual({ ...PLAIN, askPass: true });
  });

  test.each([
    ["redis://user:p%40ss@host:7000/3", { user: "user", password: "p@ss" }],
    ["REDIS://u:p@h", { user: "u", password: "p" }],
    ["rediss://u:p@h", { user: "u", password: "p", tls: true }],
    ["valkey://u:p@h", { user: "u", password: "p" }],
    ["valkeys://u:p@h", { user: "u", password: "p", tls: true }],
    ["redis://:secret@h", { password: "secret" }],
    ["redis://secret@h", { password: "secret" }],
    ["redis://u:p%C3%A9:q@h", { user: "u", password: "pé:q" }],
    ["rediss://host:7000", { tls: true }],
  ])("17.1.25 -u %s", (uri, expected) => {
    expect(connectionOf(`${check} -u ${uri}`)).toEqual({ ...PLAIN, ...expected });
  });

  test.each([
    ["http://u:p@h", "Invalid URI scheme\n"],
    ["h:7000", "Invalid URI scheme\n"],
    ["redis://u:p%zz@h", "Illegal character in URI encoding\n"],
    ["redis://u:p%ff@h", "Illegal character in URI encoding\n"],
    ["redis://u:p%@h", "Incomplete URI encoding\n"],
  ])("17.1.25 -u %s is refused", (uri, text) => {
    expect(errorOf(`${check} -u ${uri}`)).toBe(text);
  });

  test("17.1.26 --user without a password is only a user", () => {
    expect(connectionOf(`${check} --user bob`)).toEqual({ ...PLAIN, user: "bob" });
  });

  test("the later of --user, -a and -u wins", () => {
    expect(connectionOf(`${check} --user bob -a x -u redis://al:y@h`)).toMatchObject({ user: "al", password: "y" });
    expect(connectionOf(`${check} -u redis://al:y@h --user bob -a x`)).toMatchObject({ user: "bob", password: "x" });
  });

  test.each([
    "-ahunter2",
    "--pass=hunter2",
    "--password=hunter2",
    "--cluster-from-pass=hunter2",
    "-uredis://u:hunter2@h",
    "-a hunter2 --zz",
    "-u redis://u:hunter2%zz@h",
    "-u http://u:hunter2@h",
  ])("no error text holds the password of %s", (option) => {
    expect(errorOf(`${check} ${option}`)).not.toContain("hunter2");
  });

  test("nor does that of a URI where an address belongs", () => {
    expect(errorOf("--cluster create redis://u:hunter2@h:7001")).toBe("Invalid address format: redis://...@h:7001\n");
  });
});

describe("connection and help", () => {
  const check = "--cluster check 127.0.0.1:7001";

  test("17.1.27 the TLS options", () => {
    const options =
      "--tls --sni name --cacert ca.pem --cacertdir certs --cert me.pem --key me.key --insecure --tls-ciphers A:B --tls-ciphersuites C";
    expect(connectionOf(`${check} ${options}`)).toEqual({
      ...PLAIN,
      tls: true,
      insecure: true,
      sni: "name",
      cacert: "ca.pem",
      cacertdir: "certs",
      cert: "me.pem",
      key: "me.key",
      ciphers: "A:B",
      cipherSuites: "C",
    });
  });

  test.each([
    ["-t 2", { connectTimeoutSeconds: 2 }],
    ["-t 0.5", { connectTimeoutSeconds: 0.5 }],
    ["-t 0", {}],
    ["-4", { family: 4 }],
    ["-6", { family: 6 }],
  ])("17.1.28 %s", (option, expected) => {
    expect(connectionOf(`${check} ${option}`)).toEqual({ ...PLAIN, ...expected });
  });

  test.each(["foo", "-1", "1abc", "nan"])("17.1.28 -t %s is refused", (value) => {
    expect(errorOf(`${check} -t ${value}`)).toBe("Invalid connection timeout for -t.\n");
  });

  test("-4 and -6 exclude each other", () => {
    expect(errorOf(`${check} -4 -6`)).toBe("Options -4 and -6 are mutually exclusive.\n");
  });

  test("an unknown value of --show-pushes is only warned about", () => {
    expect(parse(`${check} --show-pushes maybe`)).toMatchObject({
      kind: "command",
      warnings: ["Unknown --show-pushes value 'maybe' (valid: '[y]es', '[n]o')"],
    });
  });

  test("17.1.29 help lists all subcommands and their options on stdout, and fails", () => {
    const help = parse("--cluster help with any words --tls");
    expect(help).toMatchObject({ kind: "usage", stream: "stdout", exitCode: 1 });
    const { text } = help as { text: string };
    const lines = text.split("\n");
    expect(lines[0]).toBe("Cluster Manager Commands:");
    const names = "create check info fix reshard rebalance add-node del-node call set-timeout import backup help";
    expect(lines.flatMap((line) => /^ {2}([a-z][a-z-]+) /.exec(line)?.[1] ?? [])).toEqual(names.split(" "));
    const heads = lines.slice(1, lines.indexOf("")).map((line) => line.slice(0, 17));
    for (const head of heads) expect(head).toMatch(/^(?: {2}[a-z][a-z-]+ +| {17})$/);
    expect(text).toMatch(
      /\n\nCluster Manager Options:\n {2}--cluster-yes {2}Automatic yes to cluster commands prompts\n\n$/,
    );
  });

  test("an unknown option is refused even in help", () => {
    expect(errorOf("--cluster help --zz")).toBe("Unrecognized option or bad number of args for: '--zz'\n");
  });

  test.each(["--help", `${check} --help`, `${check} -h`, "--help --cluster check --zz"])(
    "%s shows the usage",
    (line) => {
      expect(parse(line)).toMatchObject({ kind: "usage", stream: "stdout", exitCode: 0 });
    },
  );

  test.each([`${check} -v`, "--version --cluster bogus"])("%s shows the version", (line) => {
    expect(parse(line)).toEqual({ kind: "version" });
  });
});
