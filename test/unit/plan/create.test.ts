import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Candidate } from "../../../src/model/candidate.ts";
import type { Cluster } from "../../../src/model/cluster.ts";
import { ALL_SLOTS, countSlots, unionRanges } from "../../../src/model/slot.ts";
import { type CreateOutcome, type CreateProblem, planCreate } from "../../../src/plan/create.ts";
import type { Plan } from "../../../src/plan/plan.ts";
import { simulate } from "../../../src/plan/simulate.ts";
import { blank } from "../../helpers/blank-servers.ts";
import { clusterOf, idOf, nodeNamed } from "../../helpers/cluster-builder.ts";

function planned(outcome: CreateOutcome): Extract<CreateOutcome, { kind: "planned" }> {
  if (outcome.kind !== "planned") throw new Error(`refused: ${JSON.stringify(outcome.problems)}`);
  return outcome;
}

function problemsOf(outcome: CreateOutcome): readonly CreateProblem[] {
  return outcome.kind === "refused" ? outcome.problems : [];
}

function kindsOf(outcome: CreateOutcome): readonly string[] {
  return problemsOf(outcome).map(({ kind }) => kind);
}

/** The cluster that the steps lead to. */
function after(plan: Plan, candidates: readonly Candidate[]): Cluster {
  return plan.steps.reduce(simulate, { nodes: candidates.map(({ node }) => node) });
}

const SIX = ["h1", "h1", "h2", "h2", "h3", "h3"];

describe("a plan for blank servers", () => {
  test("gives redis-cli's slots and spreads primaries and replicas over the hosts", () => {
    const { design } = planned(planCreate({ candidates: blank(SIX), replicas: 1 }));
    const shape = design.shards.map(({ primary, slots, replicas }) => [
      primary.typed,
      slots,
      replicas.map(({ typed }) => typed),
    ]);
    expect(shape).toEqual([
      ["h1:7000", "0-5460", ["h2:7003"]],
      ["h2:7002", "5461-10922", ["h3:7005"]],
      ["h3:7004", "10923-16383", ["h1:7001"]],
    ]);
    expect(design.violations).toEqual([]);
  });

  test("17.4.66 assigns slots, then epochs in the order of the command line, then meets, then replicates", () => {
    const { plan } = planned(planCreate({ candidates: blank(SIX), replicas: 1 }));
    const kinds = plan.steps.map(({ kind }) => kind);
    expect([...new Set(kinds)]).toEqual(["add-slots", "set-config-epoch", "meet", "replicate"]);
    const epochs = plan.steps.flatMap((step) => (step.kind === "set-config-epoch" ? [[step.node.id, step.epoch]] : []));
    expect(epochs).toEqual([0, 1, 2, 3, 4, 5].map((i) => [idOf(`n${i}`), i + 1]));
  });

  test.each([
    [1, 0, [0]],
    [2, 0, [0, 0]],
    [5, 2, [4]],
    [7, 1, [2, 1, 1]],
    [23, 5, [7, 7, 6]],
  ])("%i nodes with %i replicas each: every node has a role", (nodes, replicas, expected) => {
    const hosts = Array.from({ length: nodes }, (_, i) => `h${i}`);
    const { design, plan } = planned(planCreate({ candidates: blank(hosts), replicas }));
    const counts = design.shards.map((shard) => shard.replicas.length);
    expect([...counts].sort((a, b) => b - a)).toEqual(expected);
    expect(plan.warnings.some((warning) => warning.includes("no automatic failover"))).toBe(design.shards.length < 3);
  });

  test("takes shards that were laid out by hand as they are, and says what is wrong with them", () => {
    const shards = [
      ["h1:7000", "h1:7001"],
      ["h2:7002", "h3:7005"],
      ["h3:7004", "h2:7003"],
    ];
    const { design } = planned(planCreate({ candidates: blank(SIX), replicas: 0, shards }));
    expect(design.shards.map((shard) => [shard.primary.typed, ...shard.replicas.map(({ typed }) => typed)])).toEqual(
      shards,
    );
    expect(design.violations).toMatchObject([{ kind: "replica-on-primary-host", replica: "h1:7001" }]);
  });

  test("--primaries leaves the rest as replicas", () => {
    const { design } = planned(planCreate({ candidates: blank(SIX), replicas: 0, primaries: 2 }));
    expect(design.shards.map(({ replicas }) => replicas.length)).toEqual([2, 2]);
  });

  test("leads to full coverage, one owner a slot and everybody placed, for any number of nodes, hosts and replicas", () => {
    const request = fc.record({
      hosts: fc.array(fc.constantFrom("h1", "h2", "h3", "h4"), { minLength: 1, maxLength: 24 }),
      replicas: fc.integer({ min: 0, max: 4 }),
    });
    fc.assert(
      fc.property(request, ({ hosts, replicas }) => {
        const candidates = blank(hosts);
        const outcome = planCreate({ candidates, replicas });
        if (hosts.length < replicas + 1) {
          expect(kindsOf(outcome)).toEqual(["too-few-nodes"]);
          return;
        }
        const { nodes } = after(planned(outcome).plan, candidates);
        const primaries = nodes.filter(({ role }) => role === "primary");
        expect(unionRanges(...primaries.map(({ slots }) => slots))).toEqual(ALL_SLOTS);
        expect(primaries.reduce((sum, { slots }) => sum + countSlots(slots), 0)).toBe(countSlots(ALL_SLOTS));
        for (const { primaryId } of nodes.filter(({ role }) => role === "replica")) {
          expect(primaries.map(({ id }) => id)).toContain(primaryId);
        }
        for (const { id } of primaries) {
          expect(nodes.filter(({ primaryId }) => primaryId === id).length).toBeGreaterThanOrEqual(replicas);
        }
      }),
    );
  });

  test("does not depend on the order in which servers list what they know", () => {
    const lines = (candidate: Candidate) => ({
      ...candidate,
      node: { ...candidate.node, view: { ...candidate.node.view!, lines: [...candidate.node.view!.lines].reverse() } },
    });
    const candidates = blank(SIX);
    const plan = (of: readonly Candidate[]) =>
      JSON.stringify(planned(planCreate({ candidates: of, replicas: 1 })).plan);
    expect(plan(candidates.map(lines))).toBe(plan(candidates));
  });

  test("is the same byte for byte when made again", () => {
    const make = () => JSON.stringify(planned(planCreate({ candidates: blank(SIX), replicas: 1 })).plan);
    expect(make()).toBe(make());
  });
});

describe("servers that are not blank", () => {
  test("are all reported at once", () => {
    const candidates = [
      ...blank(["h1", "h2", "h3"], { n0: { keys: 5 }, n1: {} }),
      { typed: "h9:1", failure: "Could not connect to h9:1: connection refused", hint: undefined },
    ];
    expect(kindsOf(planCreate({ candidates, replicas: 0 }))).toEqual(["unreachable", "has-keys"]);
  });

  test("17.4.71 one node under two names is one problem with both names", () => {
    const [first, second] = blank(["h1", "h2"]);
    const alias = { ...first!, typed: "alias:7000" };
    const [problem] = problemsOf(planCreate({ candidates: [first!, alias, second!], replicas: 0 }));
    expect(problem).toEqual({ kind: "same-node", typed: ["h1:7000", "alias:7000"] });
  });

  test("17.4.71 a slot that was assigned before is refused, even one that the plan would give", () => {
    const candidates = blank(["h1", "h2", "h3"]);
    const busy = { ...candidates[2]!, node: { ...candidates[2]!.node, slots: [{ start: 16_000, end: 16_000 }] } };
    expect(problemsOf(planCreate({ candidates: [candidates[0]!, candidates[1]!, busy], replicas: 0 }))).toEqual([
      { kind: "owns-slots", typed: "h3:7002", slots: "16000", planned: "10923-16383" },
    ]);
  });

  test("whoever knows a stranger is a member of another cluster", () => {
    const other = clusterOf(
      { n1: [], x: [] },
      { nodes: { n1: { host: "h2", port: 7001 }, x: { host: "h8", port: 7009 } } },
    );
    const [first] = blank(["h1"]);
    const foreign = { ...first!, typed: "h2:7001", node: nodeNamed(other, "n1") };
    expect(problemsOf(planCreate({ candidates: [first!, foreign], replicas: 0 }))).toEqual([
      { kind: "knows-others", typed: "h2:7001", others: ["h8:7009"] },
    ]);
  });

  test("Redis and Valkey do not mix", () => {
    const candidates = blank(["h1", "h2"], { n1: { facts: { engine: "valkey", version: "8.1.1" } } });
    expect(kindsOf(planCreate({ candidates, replicas: 0 }))).toEqual(["mixed-engines"]);
  });

  test("different versions are a warning", () => {
    const { plan } = planned(
      planCreate({ candidates: blank(["h1", "h2"], { n1: { facts: { version: "7.2.1" } } }), replicas: 0 }),
    );
    expect(plan.warnings).toContainEqual(expect.stringContaining("7.0.15, 7.2.1"));
  });

  test("an address that nobody can reach and a refused replication are refused", () => {
    const [first, second] = blank(["h1", "h2"]);
    const candidates = [
      { ...first!, announcedFailure: "Could not connect to 10.255.255.1:7000: no answer within 5 s" },
      { ...second!, replicationRefusal: "NOAUTH Authentication required." },
    ];
    expect(kindsOf(planCreate({ candidates, replicas: 1 }))).toEqual(["announced-unreachable", "replication-refused"]);
  });
});

describe("servers that an interrupted run left behind", () => {
  /** The candidates as they stand after the first so many steps, with everybody knowing everybody once they met. */
  function interruptedAfter(steps: number): Candidate[] {
    const candidates = blank(SIX);
    const { plan } = planned(planCreate({ candidates, replicas: 1 }));
    const { nodes } = plan.steps
      .slice(0, steps)
      .reduce(simulate, { nodes: candidates.map(({ node }) => node) } as Cluster);
    const met = plan.steps.slice(0, steps).some(({ kind }) => kind === "meet");
    return candidates.map((candidate, i) => {
      const node = nodes[i]!;
      const lines = met ? nodes : [node];
      return { ...candidate, node: { ...node, view: { myself: node, lines, slotMap: "" } } };
    });
  }

  test("are taken as they are, whatever the step it stopped at, and the plan stays the same", () => {
    const whole = planned(planCreate({ candidates: blank(SIX), replicas: 1 })).plan;
    for (let steps = 0; steps <= whole.steps.length; steps++) {
      const again = planned(planCreate({ candidates: interruptedAfter(steps), replicas: 1 })).plan;
      expect(JSON.stringify(again), `after ${steps} steps`).toBe(JSON.stringify(whole));
    }
  });

  test("are refused when they were meant to become another cluster", () => {
    const outcome = planCreate({ candidates: interruptedAfter(99), replicas: 2 });
    expect(new Set(kindsOf(outcome))).toEqual(new Set(["owns-slots", "other-role"]));
  });
});
