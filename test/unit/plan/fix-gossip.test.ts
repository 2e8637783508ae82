import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type FixRequest, planFix } from "../../../src/plan/fix.ts";
import { type Blow, Cut, GossipModel, NAMES, PLAYED } from "../../helpers/gossip-model.ts";

const at = fc.constantFrom(...NAMES);
const slot = fc.constantFrom(...PLAYED);

const blow: fc.Arbitrary<Blow> = fc.oneof(
  fc.record({ kind: fc.constantFrom("node" as const, "importing" as const, "migrating" as const), at, slot, peer: at }),
  fc.record({ kind: fc.constantFrom("stable" as const, "addslots" as const, "delslots" as const), at, slot }),
  fc.record({ kind: fc.constant("bump" as const), at }),
  fc.record({ kind: fc.constant("migrate" as const), at, slot, peer: at }),
  fc.record({ kind: fc.constant("write" as const), at, slot, key: fc.constantFrom("x", "y", "z") }),
);

const request = fc.record({
  direction: fc.constantFrom("auto" as const, "forward" as const, "back" as const),
  slots: fc.constant(undefined),
  only: fc.constant(undefined),
  giveUpUnreachable: fc.boolean(),
  onConflict: fc.constant("leave" as const),
});

type Engine = ConstructorParameters<typeof GossipModel>[0];

/** What gossip does to the damage by itself is over before the repair begins. */
function damaged(blows: readonly Blow[], engine: Engine): GossipModel {
  const model = new GossipModel(engine);
  for (const one of blows) model.strike(one);
  model.gossip();
  return model;
}

function repair(model: GossipModel, asked: FixRequest, how?: Parameters<GossipModel["carryOut"]>[1]): void {
  const { cluster, evidence } = model.survey();
  const { plan, unsolved } = planFix(cluster, evidence, asked);
  expect(unsolved).toEqual([]);
  model.carryOut(plan.steps, how);
}

describe.each<Engine>(["redis", "valkey"])("on %s", (engine) => {
  test("17.8.105 one run makes any damage whole, and the quickest gossip takes no key", () => {
    fc.assert(
      fc.property(fc.array(blow, { maxLength: 40 }), request, (blows, asked) => {
        const model = damaged(blows, engine);
        const keys = model.keys();
        repair(model, asked);
        expect(model.faults()).toEqual([]);
        expect(model.keys()).toEqual(keys);
        const { cluster, evidence } = model.survey();
        expect(planFix(cluster, evidence, asked).plan.steps).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  test("17.8.105 a run that is cut off after any command leaves every key, and the next one makes it whole", () => {
    fc.assert(
      fc.property(fc.array(blow, { maxLength: 30 }), request, request, fc.nat(40), (blows, first, second, most) => {
        const model = damaged(blows, engine);
        const keys = model.keys();
        try {
          repair(model, first, { most });
        } catch (error) {
          if (!(error instanceof Cut)) throw error;
        }
        model.gossip();
        expect(model.keys()).toEqual(keys);
        repair(model, second);
        expect(model.faults()).toEqual([]);
        expect(model.keys()).toEqual(keys);
      }),
      { numRuns: 100 },
    );
  });

  const claim = fc.record({ at, slot }).map((one): Blow => ({ kind: "node", ...one, peer: one.at }));
  const claimed = fc.oneof(
    blow.filter(({ kind }) => kind === "write" || kind === "bump"),
    claim,
  );

  test("17.8.105 several claims to one slot are settled before gossip could settle them, which would cost keys", () => {
    fc.assert(
      fc.property(fc.array(claimed, { minLength: 4, maxLength: 30 }), request, (blows, asked) => {
        const model = new GossipModel(engine);
        for (const one of blows) model.strike(one);
        const keys = model.keys();
        repair(model, asked, { deafAtFirst: true });
        expect(model.faults()).toEqual([]);
        expect(model.keys()).toEqual(keys);
      }),
      { numRuns: 100 },
    );
  });

  test("a repair of some problems only leaves the rest of the keys where they are", () => {
    const part = fc.subarray([
      "uncovered-slots",
      "several-owners",
      "open-slots",
      "disagreement",
      "stray-keys",
    ] as const);
    fc.assert(
      fc.property(fc.array(blow, { maxLength: 40 }), request, part, fc.option(slot), (blows, asked, only, one) => {
        const model = damaged(blows, engine);
        const keys = model.keys();
        const slots = one === null ? undefined : [{ start: one, end: one }];
        repair(model, { ...asked, only: new Set(only), slots });
        expect(model.keys()).toEqual(keys);
      }),
      { numRuns: 100 },
    );
  });
});
