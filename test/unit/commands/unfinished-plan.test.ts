import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { findUnfinished, keepUnfinished, removeUnfinished } from "../../../src/commands/unfinished-plan.ts";
import type { NodeRef, Plan, Step } from "../../../src/plan/plan.ts";
import { idOf } from "../../helpers/cluster-builder.ts";
import { scratchDirectory } from "../../helpers/scratch.ts";

const MONDAY = new Date("2025-01-06T03:04:05.678Z");
const TUESDAY = new Date("2025-01-07T00:00:00.000Z");

function node(name: string): NodeRef {
  return { id: idOf(name), address: { host: name, port: 7000 } };
}

/** Moves one slot from the first to the second of the members. */
function reshardOf(first: string, second: string, slots = "0"): Plan {
  return {
    schemaVersion: 1,
    command: "reshard",
    madeFor: `${idOf(first)} 0-16383\n${idOf(second)} `,
    steps: [{ kind: "move-slots", from: node(first), to: node(second), slots, method: "keys" }],
    reasons: [],
    warnings: [],
    expected: [],
  };
}

function scratchState() {
  const folder = scratchDirectory("state");
  const environment = { XDG_STATE_HOME: join(folder.path, "state") };
  const plans = join(folder.path, "state", "slotctl", "plans");
  return { environment, plans, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

test("a plan is found by any node of its steps until it is removed", async () => {
  using state = scratchState();
  const plan = reshardOf("a", "b");
  const path = await keepUnfinished(plan, state.environment, MONDAY);
  expect(await findUnfinished([idOf("b"), idOf("z")], state.environment)).toEqual([{ path, plan, begun: MONDAY }]);
  expect(await findUnfinished([idOf("z")], state.environment)).toEqual([]);
  expect(await findUnfinished([], state.environment)).toEqual([]);
  await removeUnfinished(path);
  await removeUnfinished(path);
  expect(await findUnfinished([idOf("b")], state.environment)).toEqual([]);
});

const STEPS: { readonly [Kind in Step["kind"]]: Extract<Step, { kind: Kind }> } = {
  "set-config-epoch": { kind: "set-config-epoch", node: node("x"), epoch: 1 },
  "add-slots": { kind: "add-slots", node: node("x"), slots: "0" },
  meet: { kind: "meet", nodes: [node("a"), node("x")] },
  replicate: { kind: "replicate", node: node("a"), primary: node("x") },
  "move-slots": { kind: "move-slots", from: node("a"), to: node("x"), slots: "0", method: "keys" },
  "set-config": { kind: "set-config", node: node("x"), setting: "cluster-allow-replica-migration", value: "no" },
  failover: { kind: "failover", node: node("a"), primary: node("x"), mode: "safe" },
  "load-functions": { kind: "load-functions", node: node("a"), from: node("x") },
  forget: { kind: "forget", node: node("a"), from: [node("x")] },
  reset: { kind: "reset", node: node("x"), hard: true },
  shutdown: { kind: "shutdown", node: node("x") },
  "del-slots": { kind: "del-slots", node: node("a"), owner: node("x"), slots: "0" },
  "assign-slots": { kind: "assign-slots", node: node("x"), slots: "0" },
  "close-slots": { kind: "close-slots", node: node("x"), slots: "0" },
  "bring-keys": { kind: "bring-keys", from: node("x"), to: node("a"), slots: "0", onConflict: "leave" },
  "bump-epoch": { kind: "bump-epoch", node: node("x") },
};

test.each(Object.values(STEPS))("the node that a step $kind names counts", async (step) => {
  using state = scratchState();
  await keepUnfinished({ ...reshardOf("a", "b"), steps: [step] }, state.environment, MONDAY);
  expect(await findUnfinished([idOf("x")], state.environment)).toHaveLength(1);
});

test("the newest comes first, whatever cluster and command it is of", async () => {
  using state = scratchState();
  const keep = (plan: Plan, now: Date) => keepUnfinished(plan, state.environment, now);
  const older = await keep(reshardOf("a", "b"), MONDAY);
  const newest = await keep({ ...reshardOf("a", "c"), command: "rebalance" }, TUESDAY);
  await keep(reshardOf("y", "z"), TUESDAY);
  const oldest = await keep(reshardOf("b", "a"), new Date(0));
  const found = await findUnfinished([idOf("a")], state.environment);
  expect(found.map(({ path }) => path)).toEqual([newest, older, oldest]);
});

test("one cluster's plans of one command have names that begin alike, though slots have moved", async () => {
  using state = scratchState();
  const prefix = async (plan: Plan) => (await keepUnfinished(plan, state.environment, MONDAY)).split("-20250106T")[0];
  const first = await prefix(reshardOf("a", "b"));
  const { madeFor } = reshardOf("b", "a");
  expect(await prefix({ ...reshardOf("a", "b"), madeFor })).toBe(first);
  expect(await prefix(reshardOf("a", "c"))).not.toBe(first);
  expect(await prefix({ ...reshardOf("a", "b"), command: "rebalance" })).not.toBe(first);
});

test("two runs that begin at the same moment both keep theirs", async () => {
  using state = scratchState();
  const keep = (slots: string) => keepUnfinished(reshardOf("a", "b", slots), state.environment, MONDAY);
  await Promise.all([keep("1"), keep("2")]);
  expect(await findUnfinished([idOf("a")], state.environment)).toHaveLength(2);
});

test("it is for its owner only, also where the directory was open to others", async () => {
  using state = scratchState();
  mkdirSync(state.plans, { recursive: true });
  chmodSync(state.plans, 0o777);
  const path = await keepUnfinished(reshardOf("a", "b"), state.environment, MONDAY);
  expect(dirname(path)).toBe(state.plans);
  expect(statSync(state.plans).mode & 0o777).toBe(0o700);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("the plan is written and nothing else: no secret that hangs on it, no other file", async () => {
  using state = scratchState();
  const plan = reshardOf("a", "b");
  const carrying = Object.assign({}, plan, { password: "hunter2", steps: [{ ...plan.steps[0]!, auth: "hunter2" }] });
  const path = await keepUnfinished(carrying, { ...state.environment, REDISCLI_AUTH: "hunter2" }, MONDAY);
  expect(readFileSync(path, "utf8")).toBe(`${JSON.stringify(plan, undefined, 2)}\n`);
  expect(readdirSync(state.plans).map((name) => join(state.plans, name))).toEqual([path]);
  expect(readdirSync(dirname(state.plans))).toEqual(["plans"]);
});

test("files that are no plans are passed over", async () => {
  using state = scratchState();
  const path = await keepUnfinished(reshardOf("a", "b"), state.environment, MONDAY);
  const whole = readFileSync(path, "utf8");
  const named = (chance: string) => path.replace(/[0-9a-f]{6}\.json$/, `${chance}.json`);
  writeFileSync(named("00000a"), whole.slice(0, 100));
  writeFileSync(named("00000b"), "");
  mkdirSync(named("00000c"));
  writeFileSync(join(state.plans, ".slotctl-abc.new"), whole);
  writeFileSync(join(state.plans, "notes.json"), whole);
  writeFileSync(named("00000d").replace("20250106", "20259999"), whole);
  expect((await findUnfinished([idOf("a")], state.environment)).map((found) => found.path)).toEqual([path]);
});

test("nothing is found where nothing was ever kept", async () => {
  using state = scratchState();
  expect(await findUnfinished([idOf("a")], state.environment)).toEqual([]);
});

test("a directory that cannot be written to is an error with a way out", async () => {
  using state = scratchState();
  mkdirSync(dirname(dirname(state.plans)));
  writeFileSync(dirname(state.plans), "a file in its place");
  await expect(keepUnfinished(reshardOf("a", "b"), state.environment, MONDAY)).rejects.toMatchObject({
    code: "STATE_UNWRITABLE",
    exitCode: 1,
    message: expect.stringMatching(/^Cannot keep the plan in .*plans: E[A-Z]+: [^,]*$/),
    hint: expect.stringContaining("XDG_STATE_HOME"),
  });
  expect(await findUnfinished([idOf("a")], state.environment)).toEqual([]);
  mkdirSync(join(dirname(dirname(state.plans)), "directory"));
  await expect(removeUnfinished(join(dirname(dirname(state.plans)), "directory"))).rejects.toMatchObject({
    code: "STATE_UNWRITABLE",
  });
});
