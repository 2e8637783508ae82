import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Arc, minCostFlow, type Network } from "../../../src/plan/min-cost-flow.ts";

function networkOf(nodeCount: number, arcs: readonly Arc[]): Network {
  return { nodeCount, source: 0, sink: nodeCount - 1, arcCount: arcs.length, arcs };
}

/** An arc whose every unit costs the same. */
function flat(from: number, to: number, capacity: number, cost: number): Arc {
  return { from, to, capacity, cost, rise: 0, width: 1 };
}

function costOf({ cost, rise, width }: Arc, units: number): number {
  return Array.from({ length: units }, (_, unit) => cost + rise * Math.floor(unit / width)).reduce((a, b) => a + b, 0);
}

function totalCost(arcs: readonly Arc[], flow: ArrayLike<number>): number {
  return arcs.reduce((total, arc, i) => total + costOf(arc, flow[i]!), 0);
}

/** What leaves the node less what comes to it. */
function surplusOf(node: number, arcs: readonly Arc[], flow: ArrayLike<number>): number {
  return arcs.reduce((sum, { from, to }, i) => sum + flow[i]! * (Number(from === node) - Number(to === node)), 0);
}

describe("minCostFlow", () => {
  test("takes the cheap way first and the dear one for what does not fit", () => {
    const arcs = [flat(0, 1, 2, 1), flat(1, 3, 2, 1), flat(0, 2, 5, 10), flat(2, 3, 3, 10)];
    expect([...minCostFlow(networkOf(4, arcs))]).toEqual([2, 2, 3, 3]);
  });

  test("takes units back from an arc when a later one needs it more", () => {
    // The shortest path 0-1-2-3 has to be given up for 0-1-3 and 0-2-3.
    const arcs = [flat(0, 1, 1, 0), flat(1, 2, 1, 0), flat(2, 3, 1, 0), flat(0, 2, 1, 4), flat(1, 3, 1, 4)];
    expect([...minCostFlow(networkOf(4, arcs))]).toEqual([1, 0, 1, 1, 1]);
  });

  test("spreads units over arcs that grow dearer with use", () => {
    const rising = { from: 0, to: 1, capacity: 9, cost: 0, rise: 1, width: 1 };
    expect([...minCostFlow(networkOf(3, [rising, rising, rising, flat(1, 2, 7, 0)]))].slice(0, 3).sort()).toEqual([
      2, 2, 3,
    ]);
  });

  test("raises the cost of an arc only after each full width", () => {
    const arcs = [{ from: 0, to: 1, capacity: 9, cost: 0, rise: 5, width: 3 }, flat(0, 1, 9, 6), flat(1, 2, 10, 0)];
    expect([...minCostFlow(networkOf(3, arcs))]).toEqual([6, 4, 10]);
  });

  test("sends nothing where no way leads to the sink", () => {
    expect([...minCostFlow(networkOf(4, [flat(0, 1, 3, 1), flat(2, 3, 3, 1)]))]).toEqual([0, 0]);
  });

  test("sends as much as fits, at the cost of the cheapest among all flows", () => {
    fc.assert(
      fc.property(smallNetwork, ({ nodeCount, arcs }) => {
        const flow = minCostFlow(networkOf(nodeCount, arcs));
        for (const [i, { capacity }] of arcs.entries()) expect(flow[i]).toBeLessThanOrEqual(capacity);
        for (let node = 1; node < nodeCount - 1; node++) expect(surplusOf(node, arcs, flow)).toBe(0);
        expect({ sent: surplusOf(0, arcs, flow), cost: totalCost(arcs, flow) }).toEqual(bestOfAll(nodeCount, arcs));
      }),
    );
  });
});

const smallNetwork = fc
  .integer({ min: 2, max: 5 })
  .chain((nodeCount) =>
    fc.record({ nodeCount: fc.constant(nodeCount), arcs: fc.array(arcAmong(nodeCount), { maxLength: 7 }) }),
  );

/** Arcs neither lead back to the source nor out of the sink. */
function arcAmong(nodeCount: number): fc.Arbitrary<Arc> {
  return fc.record({
    from: fc.integer({ min: 0, max: nodeCount - 2 }),
    to: fc.integer({ min: 1, max: nodeCount - 1 }),
    capacity: fc.integer({ min: 0, max: 3 }),
    cost: fc.integer({ min: 0, max: 5 }),
    rise: fc.integer({ min: 0, max: 3 }),
    width: fc.integer({ min: 1, max: 2 }),
  });
}

/** Tries every flow there is. */
function bestOfAll(nodeCount: number, arcs: readonly Arc[]): { sent: number; cost: number } {
  let best = { sent: 0, cost: 0 };
  const flow = arcs.map(() => 0);
  const visit = (a: number): void => {
    if (a < arcs.length) {
      for (let units = 0; units <= arcs[a]!.capacity; units++) {
        flow[a] = units;
        visit(a + 1);
      }
      return;
    }
    for (let node = 1; node < nodeCount - 1; node++) if (surplusOf(node, arcs, flow) !== 0) return;
    const found = { sent: surplusOf(0, arcs, flow), cost: totalCost(arcs, flow) };
    if (found.sent > best.sent || (found.sent === best.sent && found.cost < best.cost)) best = found;
  };
  visit(0);
  return best;
}
