import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Candidate } from "../../../src/model/candidate.ts";
import { planCreate } from "../../../src/plan/create.ts";
import type { Plan, Step } from "../../../src/plan/plan.ts";
import { readPlan } from "../../../src/plan/read-plan.ts";
import { clusterOf, idOf, nodeNamed } from "../../helpers/cluster-builder.ts";

function candidateOf(host: string, port: number, version: string, busPort: number | undefined): Candidate {
  const name = `n${port}`;
  const alone = clusterOf({ [name]: [] }, { nodes: { [name]: { host, port, configEpoch: 0, facts: { version } } } });
  const node = nodeNamed(alone, name);
  return {
    typed: `${host}:${port}`,
    node: busPort === undefined ? node : { ...node, address: { ...node.address, busPort } },
    announcedFailure: undefined,
    replicationRefusal: undefined,
  };
}

const server = fc.record({
  host: fc.constantFrom("h1", "10.0.0.2", "::1", "redis-3.example.com"),
  version: fc.constantFrom("7.0.15", "9.0.1"),
  busPort: fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined }),
});

/** Whatever planCreate makes: any number of servers and replicas, warnings, bus ports. */
const createPlan: fc.Arbitrary<Plan> = fc
  .record({ servers: fc.array(server, { minLength: 1, maxLength: 12 }), replicas: fc.integer({ min: 0, max: 2 }) })
  .map(({ servers, replicas }) =>
    planCreate({
      candidates: servers.map(({ host, version, busPort }, i) => candidateOf(host, 7000 + i, version, busPort)),
      replicas: Math.min(replicas, servers.length - 1),
    }),
  )
  .map((outcome) => {
    if (outcome.kind === "refused") throw new Error(JSON.stringify(outcome.problems));
    return outcome.plan;
  });

const [a, b, c] = ["a", "b", "c"].map((name, i) => ({ id: idOf(name), address: { host: "h", port: 7000 + i } }));

/** One step of every kind; a new kind fails to compile until it is here. */
const STEPS: { readonly [Kind in Step["kind"]]: Extract<Step, { kind: Kind }> } = {
  "set-config-epoch": { kind: "set-config-epoch", node: a!, epoch: 0 },
  "add-slots": { kind: "add-slots", node: a!, slots: "0-5460,7000" },
  meet: { kind: "meet", nodes: [a!, { ...b!, address: { host: "::1", port: 7001, busPort: 17_001 } }] },
  replicate: { kind: "replicate", node: b!, primary: a!, inSync: true },
  "move-slots": { kind: "move-slots", from: a!, to: c!, slots: "12", method: "atomic", onConflict: "owner" },
  "set-config": { kind: "set-config", node: a!, setting: "cluster-allow-replica-migration", value: "no" },
  failover: { kind: "failover", node: b!, primary: a!, mode: "takeover" },
  "load-functions": { kind: "load-functions", node: c!, from: a! },
  forget: { kind: "forget", node: { id: idOf("gone"), address: { host: "", port: 0 } }, from: [a!, b!] },
  reset: { kind: "reset", node: c!, hard: true },
  shutdown: { kind: "shutdown", node: c! },
  "del-slots": { kind: "del-slots", node: a!, owner: b!, slots: "12" },
  "assign-slots": { kind: "assign-slots", node: a!, slots: "0-99" },
  "close-slots": { kind: "close-slots", node: b!, slots: "12" },
  "bring-keys": { kind: "bring-keys", from: a!, to: c!, slots: "12", onConflict: "leave" },
  "bump-epoch": { kind: "bump-epoch", node: c! },
};

const PLAN: Plan = {
  schemaVersion: 1,
  command: "reshard",
  madeFor: `${a!.id} 0-16383\n${b!.id} of ${a!.id}`,
  steps: Object.values(STEPS),
  reasons: ["a has the most"],
  warnings: ["nothing is replicated"],
  expected: [
    { primary: a!, slots: "0-16383", replicas: [b!] },
    { primary: c!, slots: "", replicas: [{ id: idOf("gone"), address: { host: "", port: 0 } }] },
  ],
};

function whyNot(text: string): string {
  const reading = readPlan(text);
  return reading.kind === "invalid" ? reading.why : "it is a plan";
}

/** The plan with one value replaced: "steps.3.slots". `undefined` takes it away. */
function changed(path: string, value: unknown): string {
  const names = path.split(".");
  const last = names.pop()!;
  const plan: unknown = JSON.parse(JSON.stringify(PLAN));
  const holder = names.reduce((at, name) => (at as Record<string, unknown>)[name], plan);
  Object.assign(holder as object, { [last]: value });
  return JSON.stringify(plan);
}

describe("a plan that was saved", () => {
  test("is read again byte for byte, whatever planCreate made", () => {
    fc.assert(
      fc.property(createPlan, fc.constantFrom(undefined, 2), (plan, indent) => {
        const reading = readPlan(JSON.stringify(plan, undefined, indent));
        expect(reading.kind === "plan" ? JSON.stringify(reading.plan) : reading).toBe(JSON.stringify(plan));
      }),
    );
  });

  test("is read again with every kind of step", () => {
    expect(readPlan(JSON.stringify(PLAN))).toEqual({ kind: "plan", plan: PLAN });
    expect(JSON.stringify(readPlan(JSON.stringify(PLAN)))).toBe(JSON.stringify({ kind: "plan", plan: PLAN }));
  });

  test("loses the fields that a Plan does not have", () => {
    const extra = { ...PLAN, password: "secret", steps: [{ ...STEPS.replicate, password: "secret" }] };
    expect(readPlan(JSON.stringify(extra))).toEqual({ kind: "plan", plan: { ...PLAN, steps: [STEPS.replicate] } });
  });

  test("gets its slots in the usual form, however they were typed", () => {
    const reading = readPlan(changed("steps.1.slots", " 7, 0-5\n,6 ,0003"));
    expect(reading).toMatchObject({ kind: "plan", plan: { steps: { 1: { slots: "0-7" } } } });
  });

  test("cannot make a terminal do anything with its words", () => {
    const reading = readPlan(changed("warnings.0", "\u001b[2Jall is well\r\n\u009b\u202e"));
    expect(reading).toMatchObject({ kind: "plan", plan: { warnings: ["?[2Jall is well????"] } });
  });
});

describe("what is wrong is said with its place", () => {
  test.each([
    ["schemaVersion", undefined, "schemaVersion is missing"],
    ["schemaVersion", "1", "schemaVersion is not 1"],
    ["schemaVersion", 0, "schemaVersion is not 1"],
    ["schemaVersion", 2, "a newer slotctl wrote it: schemaVersion is 2, and this one reads 1"],
    ["command", "explode", 'command is "explode", which this slotctl does not know'],
    ["command", "toString", 'command is "toString", which this slotctl does not know'],
    ["command", 1, "command is no text"],
    ["madeFor", null, "madeFor is no text"],
    ["steps", {}, "steps is no list"],
    ["steps.0", null, "steps[0] is no object"],
    ["steps.0", [], "steps[0] is no object"],
    ["steps.0.kind", undefined, "steps[0].kind is missing"],
    ["steps.0.kind", "constructor", 'steps[0].kind is "constructor", which this slotctl does not know'],
    ["steps.0.kind", "__proto__", 'steps[0].kind is "__proto__", which this slotctl does not know'],
    ["steps.0.epoch", -1, "steps[0].epoch is no whole number from 0 up"],
    ["steps.0.epoch", 1.5, "steps[0].epoch is no whole number from 0 up"],
    ["steps.0.epoch", "1", "steps[0].epoch is no whole number from 0 up"],
    ["steps.0.epoch", Number.NaN, "steps[0].epoch is no whole number from 0 up"],
    ["steps.0.node", undefined, "steps[0].node is missing"],
    ["steps.0.node.id", idOf("a").slice(1), "steps[0].node.id is no node id of 40 hex digits"],
    ["steps.0.node.id", `${idOf("a")}\n`, "steps[0].node.id is no node id of 40 hex digits"],
    ["steps.0.node.id", [idOf("a")], "steps[0].node.id is no node id of 40 hex digits"],
    ["steps.0.node.address", "h:7000", "steps[0].node.address is no object"],
    ["steps.0.node.address.host", "", "steps[0].node.address.host is no host"],
    ["steps.0.node.address.host", "h 1", "steps[0].node.address.host is no host"],
    ["steps.0.node.address.host", "h\u001b[2J", "steps[0].node.address.host is no host"],
    ["steps.0.node.address.host", "h\u202e", "steps[0].node.address.host is no host"],
    ["steps.0.node.address.port", 0, "steps[0].node.address.port is no port"],
    ["steps.0.node.address.port", 65_536, "steps[0].node.address.port is no port"],
    ["steps.0.node.address.busPort", null, "steps[0].node.address.busPort is no port"],
    ["steps.1.slots", "0-16384", "steps[1].slots is no list of slots"],
    ["steps.1.slots", [0, 5], "steps[1].slots is no list of slots"],
    ["steps.1.slots", "", "steps[1].slots names not a single slot"],
    ["steps.2.nodes", undefined, "steps[2].nodes is missing"],
    ["steps.2.nodes.1", 7, "steps[2].nodes[1] is no object"],
    ["steps.3.primary.id", "", "steps[3].primary.id is no node id of 40 hex digits"],
    ["steps.4.slots", "5-1", "steps[4].slots is no list of slots"],
    ["steps.4.method", "magic", 'steps[4].method is "magic", which this slotctl does not know'],
    ["steps.5.setting", "dir", 'steps[5].setting is "dir", which this slotctl does not know'],
    ["steps.5.setting", "toString", 'steps[5].setting is "toString", which this slotctl does not know'],
    ["steps.5.value", "yes\r\nFLUSHALL", "steps[5].value is no value of a setting"],
    ["steps.5.value", "", "steps[5].value is no value of a setting"],
    ["steps.5.value", true, "steps[5].value is no value of a setting"],
    ["reasons", "because", "reasons is no list"],
    ["reasons.0", 7, "reasons[0] is no text"],
    ["warnings.0", null, "warnings[0] is no text"],
    ["expected.0.slots", "all", "expected[0].slots is no list of slots"],
    ["expected.1.replicas.0.address.port", "7000", "expected[1].replicas[0].address.port is no port"],
  ])("%s = %j", (path, value, why) => {
    expect(whyNot(changed(path, value))).toBe(why);
  });

  test.each([
    ["", "it is empty"],
    [" \n", "it is empty"],
    ["null", "it is no object"],
    ["7", "it is no object"],
    ["[]", "it is no object"],
    ["\u001b]0;title\u0007", "it is not JSON"],
    ["NaN", "it is not JSON"],
    ["{}", "schemaVersion is missing"],
    ['{"__proto__": {"schemaVersion": 1}}', "schemaVersion is missing"],
    ['{"schemaVersion": 1e999}', "schemaVersion is not 1"],
    [JSON.stringify(PLAN, undefined, 2).slice(0, 300), "it is not complete: it breaks off"],
  ])("%j", (text, why) => {
    expect(whyNot(text)).toBe(why);
  });

  test("a long unknown word is cut short and made printable", () => {
    expect(whyNot(changed("command", `\u001b${"x".repeat(1000)}`))).toBe(
      `command is "?${"x".repeat(39)}…", which this slotctl does not know`,
    );
  });
});

describe("whatever it is given", () => {
  const onePrintableLine = /^[^\p{Cc}\u2028\u2029]+$/u;

  function expectTotal(text: string): void {
    const reading = readPlan(text);
    if (reading.kind === "invalid") expect(reading.why).toMatch(onePrintableLine);
    else expect(JSON.stringify(readPlan(JSON.stringify(reading.plan)))).toBe(JSON.stringify(reading));
  }

  test("a file as deep as it likes does no harm", () => {
    const deep = "[".repeat(500_000) + "]".repeat(500_000);
    expect(whyNot(deep)).toMatch(/^it is /);
    expect(whyNot(`{"schemaVersion":1,"command":${deep}}`)).toMatch(/^(it|command) is /);
    expect(whyNot("[".repeat(1_000_000))).toBe("it is not JSON");
  });

  test("a file as long as it likes does no harm", () => {
    expect(whyNot(changed("steps.1.slots", "1,".repeat(500_000)))).toBe("steps[1].slots is no list of slots");
    expect(readPlan(changed("steps.1.slots", `${"1,".repeat(500_000)}1`)).kind).toBe("plan");
    expect(readPlan(changed("steps", Array(100_000).fill(STEPS.replicate))).kind).toBe("plan");
  });

  test("any text is a plan or has one printable line against it", () => {
    fc.assert(fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.json()), expectTotal));
  });

  test("a plan cut or overwritten anywhere has too", () => {
    const text = JSON.stringify(PLAN);
    const cut = fc.record({
      at: fc.nat(text.length),
      gone: fc.nat(40),
      put: fc.string({ unit: "binary", maxLength: 8 }),
    });
    fc.assert(
      fc.property(cut, ({ at, gone, put }) => expectTotal(text.slice(0, at) + put + text.slice(at + gone))),
      { numRuns: 1000 },
    );
  });

  test("a plan with any of its values replaced by anything has too", () => {
    const mutation = fc.record({ place: fc.nat(), value: fc.jsonValue(), name: fc.string({ unit: "binary" }) });
    fc.assert(
      fc.property(createPlan, fc.array(mutation, { minLength: 1, maxLength: 4 }), (plan, mutations) => {
        expectTotal(JSON.stringify(mutations.reduce(mutated, plan)));
      }),
      { numRuns: 500 },
    );
  });
});

interface Mutation {
  readonly place: number;
  readonly value: unknown;
  readonly name: string;
}

/** One of all the values in the tree, counted through, becomes another, and its holder gets one more field. */
function mutated(root: unknown, { place, value, name }: Mutation): unknown {
  const copy: unknown = JSON.parse(JSON.stringify(root));
  const places: [holder: Record<string, unknown>, key: string][] = [];
  const walk = (at: unknown): void => {
    if (typeof at !== "object" || at === null) return;
    for (const [key, child] of Object.entries(at)) {
      places.push([at as Record<string, unknown>, key]);
      walk(child);
    }
  };
  walk(copy);
  if (places.length === 0) return value;
  const [holder, key] = places[place % places.length]!;
  holder[key] = value;
  if (!Array.isArray(holder)) Object.defineProperty(holder, name, { value, enumerable: true, configurable: true });
  return copy;
}
