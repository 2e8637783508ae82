import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { formatAddress } from "../../src/model/address.ts";
import { ENGINES } from "../helpers/engines.ts";
import { eventually } from "../helpers/eventually.ts";
import { runSlotctl } from "../helpers/run-slotctl.ts";
import { Screen, screenAfter } from "../helpers/screen.ts";
import { slotctlCommand } from "../helpers/slotctl-program.ts";
import { startCluster, type TestCluster } from "../helpers/start-cluster.ts";
import { Key, openSlotctl, TerminalSession } from "../helpers/terminal.ts";
import { type Answer, choice, walk } from "../helpers/wizard-session.ts";

let cluster: TestCluster<"a" | "b" | "c">;
let seed: string;

beforeAll(async () => {
  cluster = await startCluster(ENGINES[0]!, { a: [0, 8191], b: [8192, 16_383], c: [] });
  seed = formatAddress(cluster.nodes.a.address);
});

afterAll(() => cluster[Symbol.asyncDispose]());

const TO_THE_PLAN: readonly Answer[] = [
  ["Where from?", choice(1)],
  ["Which shards give slots?", Key.Space, Key.Down, Key.Space, Key.Enter],
  ["Where to?", Key.Enter],
  ["How much?", Key.Enter],
  ["How gently?", Key.Enter],
];

/** Escape sequences that say how text looks, not where it stands. */
const COLOUR = /\u001b\[[\d;]*m/;

describe.each([40, 80, 120])("in %i columns", (columns) => {
  test("no line is broken in the middle of a word", async () => {
    using session = openSlotctl(["reshard", seed], { columns });
    await walk(session, TO_THE_PLAN);
    await session.waitFor("no, leave");
    session.type(Key.Escape);
    expect(await session.exitCode).toBe(130);
    expect(screenAfter(session.raw, columns).broken).toBe(0);
    const details =
      columns === 40 ? /:\d+ {2}8,192 slots {2}0 keys$/m : /:\d+ {2}8,192 slots {2}0 keys {2}\d.* MB {2}0 replicas$/m;
    expect(session.text).toMatch(details);
  });
});

test("a terminal that becomes narrower is drawn anew without remains", async () => {
  using session = openSlotctl(["reshard", seed], { columns: 100 });
  await walk(session, TO_THE_PLAN.slice(0, 1));
  await session.waitFor("Which shards give slots?");
  // The cursor is put into its place last.
  await eventually(() => expect(session.raw).toMatch(/Esc leaves\u001b\[\?25l\u001b\[\d+G$/));
  const screen = new Screen(100);
  screen.write(session.raw);
  const before = session.raw.length;
  session.resize(40, 20);
  screen.narrow(40);
  // A key that chooses nothing, and has the cursor put where it is: once that was done, the new size is known as well.
  session.type("x");
  await eventually(() => expect(session.raw.length).toBeGreaterThan(before));
  session.type(Key.Down);
  await session.waitFor("❯◯");
  await eventually(() => expect(session.raw.slice(before)).toMatch(/eaves\u001b\[\?25l\u001b\[\d+G$/));
  screen.write(session.raw.slice(before));
  const text = screen.lines.join("\n");
  for (const once of ["Which shards give slots?", "❯", "Space ticks"]) expect(text.split(once), text).toHaveLength(2);
  session.type(Key.Space, Key.Enter);
  await session.waitFor("Where to?");
  session.type(Key.CtrlC);
  expect(await session.exitCode).toBe(130);
});

test.each([
  ["NO_COLOR", [], { NO_COLOR: "1" }],
  ["--no-color", ["--no-color"], {}],
])("%s leaves the lists, and no colour", async (_, options, env) => {
  using session = openSlotctl(["reshard", seed, ...options], { env, columns: 80 });
  await walk(session, TO_THE_PLAN);
  await session.waitFor("no, leave");
  session.type(Key.CtrlC);
  expect(await session.exitCode).toBe(130);
  expect(session.text).toContain("❯");
  expect(session.raw).not.toMatch(COLOUR);
});

describe("to be read out", () => {
  test.each([{ ACCESSIBLE: "1" }, { TERM: "dumb" }])("%j asks with numbers and moves no cursor", async (env) => {
    using session = openSlotctl(["reshard", seed], { env, columns: 80 });
    await walk(session, [
      ["Number, or Enter for 1: ", "2", Key.Enter],
      [
        /1\. \S+, 8,192 slots, 0 keys, [\d.]+ MB, 0 replicas\n[\s\S]*Numbers with commas between them: /,
        "1,9",
        Key.Enter,
      ],
      ["Type a number from 1 to 2\nNumbers with commas", "1, 2", Key.Enter],
      [/Where to\?\n1\. .*\nNumber, or Enter for 1: /, Key.Enter],
      [/How much\?\n[\s\S]*Number, or Enter for 1: /, "two", Key.Enter],
      ["Type a number from 1 to 4\nNumber, or Enter for 1: ", "2", Key.Enter],
      ["How many slots? (1 to 16,384) ", "7", Key.Enter],
      [/How gently\?\n[\s\S]*Number, or Enter for 2: /, Key.Enter],
      [/4\. no, leave\nNumber, or Enter for 4: /, Key.Enter],
    ]);
    expect(await session.exitCode).toBe(130);
    expect(session.raw).not.toContain("\u001b");
  });

  test("a plan is told in sentences, and its progress in lines", async () => {
    const { a, c } = cluster.nodes;
    const [first, target] = [formatAddress(a.address), formatAddress(c.address)];
    const args = ["reshard", seed, "--from", a.id, "--to", target, "--slots", "100-101"];
    using session = openSlotctl(args, { env: { ACCESSIBLE: "1" }, columns: 200 });
    await session.waitFor("Move these slots? (yes or no, Enter for no) ");
    expect(session.text).toContain(`${first} gives 2 slots with 0 keys to ${target}: slots 100-101.\n`);
    expect(session.text).toMatch(
      new RegExp(`${first} has 8,192 slots now and 8,190 afterwards and .* MB of memory.*\\.\n`),
    );
    session.type("yes", Key.Enter);
    await session.waitFor(/\nMoving slots[^\n]*\n[\s\S]*done: moved 2 slots in .*; all nodes ok\n/);
    expect(await session.exitCode).toBe(0);
    expect(session.raw).not.toContain("\u001b");
    const back = ["reshard", seed, "--from", c.id, "--to", first, "--slots", "100-101", "--keep-empty", "--yes"];
    expect((await runSlotctl(back)).code).toBe(0);
  });
});

describe("the end of the input", () => {
  test.each<[string, readonly Answer[], string]>([
    ["a list", [], "Where from?"],
    ["a checkbox", TO_THE_PLAN.slice(0, 1), "Which shards give slots?"],
    [
      "a text",
      [
        ["Where from?", Key.Enter],
        ["Where to?", Key.Enter],
        ["How much?", Key.Enter],
      ],
      "How many slots?",
    ],
  ])("leaves %s", async (_, answers, question) => {
    using session = openSlotctl(["reshard", seed], { columns: 80 });
    await walk(session, answers);
    await session.waitFor(question);
    session.type(Key.CtrlD);
    expect(await session.exitCode).toBe(130);
    expect(session.text).toContain("error: Interrupted: nothing was changed");
  });

  test("leaves a list with numbers", async () => {
    using session = openSlotctl(["reshard", seed], { env: { ACCESSIBLE: "1" } });
    await session.waitFor("Number, or Enter for 1: ");
    session.type(Key.CtrlD);
    expect(await session.exitCode).toBe(130);
  });

  test.each([Key.CtrlC, Key.CtrlD, Key.Escape])(
    "%j leaves the question of a command with all its options",
    async (key) => {
      using session = openSlotctl(["reshard", seed, "--to", cluster.nodes.c.id, "--slots", "1"]);
      await session.waitFor("Move these slots?");
      session.type(key);
      expect(await session.exitCode).toBe(130);
    },
  );
});

test.each([["wizard"], ["reshard", "SEED"], ["rebalance"], ["create"], ["add-node"], ["del-node"], ["fix"]])(
  "without a terminal %s asks nothing and exits 2",
  async (...words) => {
    const { code, stdout, stderr } = await runSlotctl(
      words.map((word) => (word === "SEED" ? seed : word)),
      { input: "y\n" },
    );
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^error: .*\n(hint: .*\n)?$/);
  },
);

test("in a terminal that does not know its size, questions are lists with numbers and progress comes in lines", async () => {
  const [file, args] = slotctlCommand(["reshard", seed]);
  using session = new TerminalSession("sh", ["-c", 'stty columns 0 rows 0; exec "$@"', "sh", file, ...args]);
  await walk(session, [["Number, or Enter for 1: ", Key.CtrlC]]);
  expect(await session.exitCode).toBe(130);
  const [program, words] = slotctlCommand(["wait", seed, "--for", "nodes=9", "--timeout", "1s"]);
  using waiting = new TerminalSession("sh", ["-c", 'stty columns 0 rows 0; exec "$@"', "sh", program, ...words]);
  await waiting.waitFor("Waited 1 s in vain until the cluster has 9 nodes");
  expect(await waiting.exitCode).toBe(7);
});
