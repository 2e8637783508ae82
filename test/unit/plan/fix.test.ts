import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Cluster, type NodeId, primariesOf, type StrayKeys } from "../../../src/model/cluster.ts";
import { countSlots, formatRanges, toRanges } from "../../../src/model/slot.ts";
import type { SlotEvidence } from "../../../src/model/slot-evidence.ts";
import { type FixPlan, type FixRequest, planFix, slotsToSurvey } from "../../../src/plan/fix.ts";
import type { Step } from "../../../src/plan/plan.ts";
import { findProblems, hasErrors } from "../../../src/plan/problems.ts";
import { simulate } from "../../../src/plan/simulate.ts";
import { type ClusterOptions, clusterOf, idOf, type NodeOverrides, type Slots } from "../../helpers/cluster-builder.ts";

const REQUEST: FixRequest = {
  direction: "auto",
  slots: undefined,
  only: undefined,
  giveUpUnreachable: false,
  onConflict: "leave",
};

const WHOLE = { a: [0, 5460], b: [5461, 10_922], c: [10_923, 16_383] } as const;
type Keys = Readonly<Record<string, Readonly<Record<number, number>>>>;

/** Who holds how many keys of which slot; everybody who was reached let himself be asked. */
function evidenceOf(cluster: Cluster, keys: Keys = {}): SlotEvidence {
  const counted = primariesOf(cluster)
    .filter(({ view }) => view !== undefined)
    .map(({ id }): [NodeId, ReadonlyMap<number, number>] => {
      const [, counts = {}] = Object.entries(keys).find(([name]) => idOf(name) === id) ?? [];
      return [id, new Map(Object.entries(counts).map(([slot, count]) => [Number(slot), count]))];
    });
  return { keys: new Map(counted), sharedKeys: new Map() };
}

function planned(
  slots: Readonly<Record<string, Slots>>,
  options: ClusterOptions = {},
  keys: Keys = {},
  request: Partial<FixRequest> = {},
): FixPlan & { readonly cluster: Cluster } {
  const cluster = clusterOf(slots, options);
  return { cluster, ...planFix(cluster, evidenceOf(cluster, keys), { ...REQUEST, ...request }) };
}

const LETTER = /^([0-9a-f]{2})/;

/** "move 5 a>b": the step in one word, its slots and its nodes. */
function brief(step: Step): string {
  const name = ({ id }: { readonly id: string }) => {
    const [, hex = ""] = LETTER.exec(id) ?? [];
    return hex.endsWith("0") && /[a-f]/.test(hex[0]!) ? hex[0]! : hex;
  };
  switch (step.kind) {
    case "del-slots":
      return `del ${step.slots} ${name(step.node)}`;
    case "assign-slots":
      return `assign ${step.slots} ${name(step.node)}`;
    case "close-slots":
      return `close ${step.slots} ${name(step.node)}`;
    case "move-slots":
      return `move ${step.slots} ${name(step.from)}>${name(step.to)}`;
    case "bring-keys":
      return `bring ${step.slots} ${name(step.from)}>${name(step.to)}`;
    case "bump-epoch":
      return `bump ${name(step.node)}`;
    default:
      return step.kind;
  }
}

function open(slot: number, state: "migrating" | "importing", peer: string): NodeOverrides {
  return { openSlots: [{ slot, state, peer }] };
}

describe("a healthy cluster", () => {
  test("17.8.103 needs nothing", () => {
    expect(planned(WHOLE)).toMatchObject({ plan: { steps: [] }, unsolved: [], lost: [], unreachable: [] });
  });
});

interface Situation {
  readonly title: string;
  readonly nodes?: Readonly<Record<string, NodeOverrides>>;
  readonly slots?: Readonly<Record<string, Slots>>;
  readonly keys?: Keys;
  readonly auto: readonly string[];
  readonly forward?: readonly string[];
  readonly back?: readonly string[];
}

/** Slot 5 is a's, unless it is said otherwise. */
const SITUATIONS: readonly Situation[] = [
  {
    title: "both ends open: the move is finished, or taken back",
    nodes: { a: open(5, "migrating", "b"), b: open(5, "importing", "a") },
    keys: { a: { 5: 10 }, b: { 5: 90 } },
    auto: ["move 5 a>b"],
    back: ["close 5 a", "bring 5 b>a"],
  },
  {
    title: "both ends open, nothing gone over",
    nodes: { a: open(5, "migrating", "b"), b: open(5, "importing", "a") },
    keys: { a: { 5: 10 } },
    auto: ["move 5 a>b"],
    back: ["close 5 b", "close 5 a"],
  },
  {
    title: "importing only, empty: closed",
    nodes: { b: open(5, "importing", "a") },
    auto: ["close 5 b"],
    forward: ["move 5 a>b"],
  },
  {
    title: "importing only, with keys: they go home",
    nodes: { b: open(5, "importing", "a") },
    keys: { a: { 5: 1 }, b: { 5: 99 } },
    auto: ["bring 5 b>a"],
    forward: ["move 5 a>b"],
  },
  {
    title: "migrating only: closed",
    nodes: { a: open(5, "migrating", "b") },
    keys: { a: { 5: 1 } },
    auto: ["close 5 a"],
    forward: ["move 5 a>b"],
  },
  {
    title: "migrating only, keys at the target: closed first, so that it takes them back",
    nodes: { a: open(5, "migrating", "b") },
    keys: { a: { 5: 1 }, b: { 5: 9 } },
    auto: ["close 5 a", "bring 5 b>a"],
    forward: ["move 5 a>b"],
  },
  {
    title: "two import, one of them is meant",
    nodes: { a: open(5, "migrating", "b"), b: open(5, "importing", "a"), c: open(5, "importing", "a") },
    keys: { a: { 5: 5 }, c: { 5: 50 } },
    auto: ["move 5 a>b", "bring 5 c>b"],
    back: ["close 5 b", "close 5 a", "bring 5 c>a"],
  },
  {
    title: "another than the target imports: the keys go home, and the slot does not jump",
    nodes: { a: open(5, "migrating", "b"), c: open(5, "importing", "a") },
    keys: { a: { 5: 5 }, c: { 5: 50 } },
    auto: ["close 5 a", "bring 5 c>a"],
    forward: ["move 5 a>c"],
  },
  {
    title: "both ends belong to other moves",
    nodes: { b: open(5, "importing", "c"), c: open(5, "importing", "b") },
    auto: ["close 5 b", "close 5 c"],
  },
  {
    title: "a primary migrates what it does not own",
    nodes: { b: open(5, "migrating", "c") },
    auto: ["close 5 b"],
  },
  {
    title: "stray keys go home, and their number changes no owner",
    nodes: { b: { strayKeys: { keys: 99, slots: [{ start: 5, end: 5 }] } } },
    keys: { a: { 5: 1 }, b: { 5: 99 } },
    auto: ["bring 5 b>a"],
  },
  {
    title: "no owner, no keys: to the one with the fewest slots",
    slots: { ...WHOLE, a: [0, 4, 6, 5460] },
    auto: ["assign 5 a"],
  },
  {
    title: "no owner, keys on one node",
    slots: { ...WHOLE, a: [0, 4, 6, 5460] },
    keys: { c: { 5: 1 } },
    auto: ["assign 5 c"],
  },
  {
    title: "no owner, keys on several: to the one that has the most, the others bring theirs",
    slots: { ...WHOLE, a: [0, 4, 6, 5460] },
    keys: { a: { 5: 3 }, b: { 5: 4 }, c: { 5: 2 } },
    auto: ["assign 5 b", "bring 5 a>b", "bring 5 c>b"],
  },
  {
    title: "no owner, one imports it",
    slots: { ...WHOLE, a: [0, 4, 6, 5460] },
    nodes: { b: open(5, "importing", "a") },
    keys: { b: { 5: 4 } },
    auto: ["assign 5 b"],
  },
  {
    title: "the owner let go and the others remember",
    nodes: { a: { sees: { a: [0, 4, 6, 5460] } } },
    keys: { a: { 5: 3 } },
    auto: ["assign 5 a"],
  },
  {
    title: "two claim it: the higher epoch wins, the other lets go before that one claims it anew",
    nodes: { b: { sees: { a: [0, 4, 6, 5460], b: [5, 5, 5461, 10_922] } } },
    keys: { a: { 5: 70 }, b: { 5: 1 } },
    auto: ["del 5 a", "assign 5 b", "bring 5 a>b"],
  },
  {
    title: "two claim it with one epoch: the others decide",
    nodes: {
      a: { configEpoch: 2 },
      b: { configEpoch: 2, sees: { a: [0, 4, 6, 5460], b: [5, 5, 5461, 10_922] } },
    },
    keys: { a: { 5: 1 }, b: { 5: 70 } },
    auto: ["del 5 b", "assign 5 a", "bring 5 b>a", "bump b"],
  },
  {
    title: "somebody holds another for the owner",
    nodes: { c: { sees: { a: [0, 4, 6, 5460], b: [5, 5, 5461, 10_922] } } },
    auto: ["assign 5 a"],
  },
  {
    title: "two primaries have one epoch",
    nodes: { a: { configEpoch: 7 }, b: { configEpoch: 7 } },
    auto: ["bump b"],
  },
];

describe.each(SITUATIONS)("$title", ({ slots = WHOLE, nodes = {}, keys = {}, auto, forward = auto, back = auto }) => {
  test.each([
    ["auto", auto],
    ["forward", forward],
    ["back", back],
  ] as const)("%s", (direction, wanted) => {
    const { plan, unsolved, cluster } = planned(slots, { nodes }, keys, { direction });
    expect(plan.steps.map(brief)).toEqual(wanted);
    expect(unsolved).toEqual([]);
    expect(plan.reasons.length).toBeGreaterThan(0);
    const after = plan.steps.reduce(simulate, cluster);
    expect(findProblems(after).filter(({ kind }) => MENDED.has(kind))).toEqual([]);
  });
});

/** Views are not part of a simulation, so what only they show is left out. */
const MENDED = new Set(["uncovered-slots", "several-owners", "open-slots", "stray-keys", "epoch-collision"]);

describe("what cannot be reached", () => {
  const dead = { b: { unreachable: true, health: "failing" } } as const;

  test("is named, and its slots stay its own", () => {
    const { plan, unreachable } = planned(WHOLE, { nodes: { ...dead, a: open(5, "migrating", "b") } }, { a: { 5: 1 } });
    expect(unreachable.map(({ id }) => id)).toEqual([idOf("b")]);
    expect(plan.steps.map(brief)).toEqual(["close 5 a"]);
  });

  test("is given up only when that was asked for: in two runs of slots, evenly, and said to be lost", () => {
    const { plan, lost } = planned(WHOLE, { nodes: dead }, {}, { giveUpUnreachable: true });
    expect(plan.steps.map(brief)).toEqual(["assign 5461-8191 a", "assign 8192-10922 c"]);
    expect(formatRanges(lost)).toBe("5461-10922");
    expect(plan.warnings.join()).toContain("are lost");
  });

  test("has a replica: it had better take over", () => {
    const { plan } = planned(WHOLE, { nodes: dead, replicas: { b1: "b" } }, {}, { giveUpUnreachable: true });
    expect(plan.warnings.join()).toContain("CLUSTER FAILOVER TAKEOVER on 127.0.0.1:7004");
  });

  test("is alive for the others, and keeps its slots whatever is asked", () => {
    const nodes = { b: { unreachable: true } } as const;
    expect(planned(WHOLE, { nodes }, {}, { giveUpUnreachable: true }).plan.steps).toEqual([]);
  });

  test("does not let its keys be counted: nothing is done blindly", () => {
    const cluster = clusterOf(WHOLE, { nodes: { b: open(5, "importing", "a") } });
    const keys = new Map([...evidenceOf(cluster).keys].filter(([id]) => id !== idOf("c")));
    const { plan, unsolved } = planFix(cluster, { keys, sharedKeys: new Map() }, REQUEST);
    expect(plan.steps).toEqual([]);
    expect(unsolved).toHaveLength(1);
  });
});

describe("a Valkey that died while it imported, and lost its slots to its replica", () => {
  const slots = { ...WHOLE, d: [] } as const;
  const nodes = {
    a: open(5, "migrating", "b"),
    b: open(5, "importing", "a"),
    d: { unreachable: true, health: "failing" },
  } as const;
  const keys = { a: { 5: 1 }, b: { 5: 1 } };
  const facts = { engine: "valkey", version: "9.1.0" } as const;

  test("would claim the slot on its return, so that the move is taken back", () => {
    const { plan } = planned(slots, { nodes, facts }, keys);
    expect(plan.steps.map(brief)).toEqual(["close 5 a", "bring 5 b>a"]);
    expect(plan.reasons.join()).toContain("127.0.0.1:7004 (d0000000) is down and could claim them on its return");
  });

  test("or the plan says what may happen", () => {
    const { plan } = planned(slots, { nodes, facts }, keys, { direction: "forward" });
    expect(plan.steps.map(brief)).toEqual(["move 5 a>b"]);
    expect(plan.warnings.join()).toContain("drops the keys");
  });

  test("is no danger on Redis, nor while it lives", () => {
    expect(planned(slots, { nodes }, keys).plan.steps.map(brief)).toEqual(["move 5 a>b"]);
    const { d: _, ...alive } = nodes;
    expect(planned(slots, { nodes: alive, facts }, keys).plan.steps.map(brief)).toEqual(["move 5 a>b"]);
  });
});

describe("members", () => {
  const known = { a: [0, 5460], b: [5461, 10_922], c: [10_923, 16_383], d: [] } as const;
  const halfKnown = { b: { ignores: ["d"] } };

  test("that only some know are introduced, after claims were given up and before new ones are made", () => {
    const nodes = { ...halfKnown, c: { sees: { c: "5,10923-16383" } } };
    const slots = { ...known, c: "5,10923-16383" };
    const { plan, members } = planned(slots, { nodes });
    expect(plan.steps.map(brief)).toEqual(["del 5 a", "meet", "assign 5 c"]);
    expect(plan.reasons.join()).toContain(
      "127.0.0.1:7004 (d0000000) is a member for some, and not known to 127.0.0.1:7002",
    );
    expect([...members]).toEqual([idOf("d")]);
  });

  test("that are dead and only half known are forgotten, or others would shake hands with them for ever", () => {
    const nodes = { ...halfKnown, d: { unreachable: true, health: "suspected" } } as const;
    const { plan } = planned(known, { nodes });
    expect(plan.steps).toMatchObject([{ kind: "forget", node: { id: idOf("d") } }]);
    expect(plan.steps[0]).toMatchObject({ from: ["a", "b", "c"].map((name) => ({ id: idOf(name) })) });
  });

  test("that are down and known to all may come back", () => {
    const nodes = { d: { unreachable: true, health: "failing" } } as const;
    expect(planned(known, { nodes }).plan.steps).toEqual([]);
  });

  test("that nobody lists but they themselves have left", () => {
    const nodes = { a: { ignores: ["d"] }, b: { ignores: ["d"] }, c: { ignores: ["d"] } };
    expect(planned(known, { nodes }).plan.steps).toEqual([]);
  });

  test("without an address are forgotten, unless somebody follows them", () => {
    const nodes = { d: { noAddress: true, health: "failing" } } as const;
    expect(planned(known, { nodes }).plan.steps.map(brief)).toEqual(["forget"]);
    expect(planned(known, { nodes, replicas: { d1: "d" } }).plan.steps).toEqual([]);
  });

  test("without an address that own slots are missing primaries: given up only when that was asked for", () => {
    const nodes = { c: { noAddress: true, health: "failing" } } as const;
    const left = planned(WHOLE, { nodes });
    expect(left.plan.steps).toEqual([]);
    expect(left.unreachable.map(({ id }) => id)).toEqual([idOf("c")]);
    const { plan, lost } = planned(WHOLE, { nodes }, {}, { giveUpUnreachable: true });
    expect(plan.steps.map(brief)).toEqual(["assign 10923-13653 a", "assign 13654-16383 b", "forget"]);
    expect(formatRanges(lost)).toBe("10923-16383");
  });

  test("are no part of some slots, nor of other problems", () => {
    const nodes = { ...halfKnown, a: open(5, "migrating", "b") };
    const slots = [{ start: 0, end: 99 }];
    expect(planned(known, { nodes }, {}, { slots }).plan.steps.map(brief)).toEqual(["close 5 a"]);
    expect(planned(known, { nodes }, {}, { only: new Set(["open-slots"]) }).plan.steps.map(brief)).toEqual([
      "close 5 a",
    ]);
    expect(planned(known, { nodes }, {}, { only: new Set(["unknown-member"]) }).plan.steps.map(brief)).toEqual([
      "meet",
    ]);
  });
});

describe("a part of it", () => {
  const nodes = {
    a: { openSlots: [5, 6].map((slot) => ({ slot, state: "migrating" as const, peer: "b" })) },
    b: { strayKeys: { keys: 1, slots: [{ start: 12_000, end: 12_000 }] } },
  };
  const keys = { b: { 12000: 1 } };

  test("by slot", () => {
    const { plan } = planned(WHOLE, { nodes }, keys, { slots: [{ start: 6, end: 100 }] });
    expect(plan.steps.map(brief)).toEqual(["close 6 a"]);
    expect(plan.expected).toEqual([]);
  });

  test("by problem", () => {
    const { plan } = planned(WHOLE, { nodes }, keys, { only: new Set(["stray-keys"]) });
    expect(plan.steps.map(brief)).toEqual(["bring 12000 b>c"]);
  });

  test("evidence is asked for of the slots in trouble only", () => {
    expect(formatRanges(slotsToSurvey(clusterOf(WHOLE, { nodes }), REQUEST))).toBe("5-6,12000");
  });
});

test("slots that are alike share a step and a reason", () => {
  const slots = { ...WHOLE, a: [0, 4, 8, 5460] };
  const { plan } = planned(slots, {}, { c: { 5: 1, 6: 20, 7: 300 } });
  expect(plan.steps.map(brief)).toEqual(["assign 5-7 c"]);
  expect(plan.reasons).toEqual([
    "slots 5-7: nobody claims to own them, 321 keys on 127.0.0.1:7003 (c0000000); 127.0.0.1:7003 (c0000000) becomes the owner, because it alone holds keys of them",
  ]);
});

test("17.8.108 uncovered slots are dealt so that everybody ends with the same", () => {
  const { plan, cluster } = planned({ a: [0, 999], b: [1000, 1999], c: [2000, 2999], d: [] });
  const after = plan.steps.reduce(simulate, cluster);
  const sizes = primariesOf(after).map(({ slots }) => countSlots(slots));
  expect(sizes).toEqual([5462, 5461, 5461, 0]);
  expect(plan.steps).toHaveLength(3);
});

/** Any damage that a survey can show, to eight slots of three primaries. */
const damage = fc.record({
  owners: fc.array(fc.subarray(["a", "b", "c"]), { minLength: 8, maxLength: 8 }),
  epochs: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 3, maxLength: 3 }),
  open: fc.array(
    fc.record({
      node: fc.constantFrom("a", "b", "c"),
      slot: fc.nat(7),
      state: fc.constantFrom("migrating" as const, "importing" as const),
      peer: fc.constantFrom("a", "b", "c"),
    }),
    { maxLength: 8 },
  ),
  keys: fc.dictionary(
    fc.constantFrom("a", "b", "c"),
    fc.dictionary(fc.constantFrom("0", "1", "2", "3", "4", "5", "6", "7"), fc.integer({ min: 1, max: 9 })),
  ),
  direction: fc.constantFrom("auto" as const, "forward" as const, "back" as const),
});

test("whatever is broken is whole after one plan, which says nothing twice and loses nothing", () => {
  fc.assert(
    fc.property(damage, ({ owners, epochs, open: opened, keys, direction }) => {
      const names = ["a", "b", "c"];
      const rest = { a: [8, 5460], b: [5461, 10_922], c: [10_923, 16_383] } as const;
      const slots = Object.fromEntries(
        names.map((name) => [
          name,
          [...owners.flatMap((claim, slot) => (claim.includes(name) ? [slot, slot] : [])), ...rest[name as "a"]],
        ]),
      );
      const nodes = Object.fromEntries(
        names.map((name, i) => [
          name,
          {
            configEpoch: epochs[i]!,
            strayKeys: strayOf(Object.keys(keys[name] ?? {}).map(Number), owners, name),
            openSlots: [
              ...new Map(
                opened.filter(({ node, peer }) => node === name && peer !== name).map((end) => [end.slot, end]),
              ).values(),
            ].filter(({ slot, state }) => state === "migrating" || !owners[slot]!.includes(name)),
          },
        ]),
      );
      const { plan, unsolved, cluster } = planned(slots, { nodes }, keys, { direction });
      const after = plan.steps.reduce(simulate, cluster);
      expect(unsolved).toEqual([]);
      expect(findProblems(after).filter(({ kind }) => MENDED.has(kind))).toEqual([]);
      expectKeysAtHome(after, plan.steps, keys);
      expect(new Set(plan.steps.map(brief)).size).toBe(plan.steps.length);
    }),
    { numRuns: 120 },
  );
});

function strayOf(held: readonly number[], owners: readonly (readonly string[])[], name: string): StrayKeys {
  const strays = held.filter((slot) => !owners[slot]!.includes(name));
  return { keys: strays.length, slots: toRanges(strays) };
}

/** Follows the keys through the steps: whoever had any must have given them to the one that owns the slot in the end. */
function expectKeysAtHome(after: Cluster, steps: readonly Step[], keys: Keys): void {
  for (const [name, counts] of Object.entries(keys)) {
    for (const slot of Object.keys(counts).map(Number)) {
      let at: NodeId = idOf(name);
      for (const step of steps) {
        if (step.kind !== "move-slots" && step.kind !== "bring-keys") continue;
        if (step.from.id === at && coversSlot(step.slots, slot)) at = step.to.id;
      }
      const owner = primariesOf(after).find((node) =>
        node.slots.some(({ start, end }) => start <= slot && slot <= end),
      );
      expect(`slot ${slot} of ${name} is at ${at}`).toBe(`slot ${slot} of ${name} is at ${owner?.id}`);
    }
  }
}

function coversSlot(text: string, slot: number): boolean {
  return text.split(",").some((range) => {
    const [start = 0, end = start] = range.split("-").map(Number);
    return start <= slot && slot <= end;
  });
}

test("a picture without errors gives no plan", () => {
  const cluster = clusterOf(WHOLE, { replicas: { a1: "a" } });
  expect(hasErrors(findProblems(cluster))).toBe(false);
  expect(planFix(cluster, evidenceOf(cluster), REQUEST).plan.steps).toEqual([]);
});
