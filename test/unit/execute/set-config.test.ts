import { expect, test } from "vitest";
import { puttingBack } from "../../../src/execute/set-config.ts";
import type { MoveSlots, SetConfig } from "../../../src/plan/plan.ts";
import { idOf } from "../../helpers/cluster-builder.ts";

const node = (name: string) => ({ id: idOf(name), address: { host: "h", port: 1 } });

const set = (name: string, value: string): SetConfig => {
  return { kind: "set-config", node: node(name), setting: "cluster-allow-replica-migration", value };
};

const move: MoveSlots = { kind: "move-slots", from: node("a"), to: node("b"), slots: "0", method: "keys" };

test("what a begun step has changed is put back by the later one for the same node, unless that was begun", () => {
  const steps = [set("a", "no"), set("b", "no"), move, set("a", "yes"), set("b", "yes"), set("c", "yes")];
  expect(puttingBack(steps, new Set([0, 2]))).toEqual([set("a", "yes")]);
  expect(puttingBack(steps, new Set([0, 1, 2]))).toEqual([set("a", "yes"), set("b", "yes")]);
  expect(puttingBack(steps, new Set([0, 1, 2, 3]))).toEqual([set("b", "yes")]);
  expect(puttingBack(steps, new Set())).toEqual([]);
});

test("a setting that no later step touches is meant to stay", () => {
  expect(puttingBack([set("a", "no"), move], new Set([0]))).toEqual([]);
});
