import { describe, expect, test } from "vitest";
import { overtakes } from "../../../src/commands/overtaken-plans.ts";
import { PLAN_SCHEMA_VERSION, type Plan, type Step } from "../../../src/plan/plan.ts";
import { idOf } from "../../helpers/cluster-builder.ts";

function ref(name: string) {
  return { id: idOf(name), address: { host: "10.0.0.1", port: 7000, busPort: 17_000 } };
}

function plan(command: Plan["command"], ...steps: readonly Step[]): Plan {
  return { schemaVersion: PLAN_SCHEMA_VERSION, command, madeFor: "", steps, reasons: [], warnings: [], expected: [] };
}

function leave(...names: readonly string[]): readonly Step[] {
  return names.map((name) => ({ kind: "forget", node: ref(name), from: [ref("z")] }));
}

function move(to: string): Step {
  return { kind: "move-slots", from: ref("z"), to: ref(to), slots: "0-9", method: "keys" };
}

function failover(node: string, primary: string): Step {
  return { kind: "failover", node: ref(node), primary: ref(primary), mode: "safe" };
}

describe("a plan that is done overtakes an earlier one", () => {
  test.each<[string, Plan, Plan, boolean]>([
    ["that took the same node out", plan("del-node", ...leave("a", "b")), plan("del-node", ...leave("a")), true],
    ["but not one about another node", plan("del-node", ...leave("a")), plan("del-node", ...leave("a", "b")), false],
    ["that filled the same newcomer", plan("add-node", move("a")), plan("add-node", move("a"), move("a")), true],
    ["that replaced the same node", plan("replace-node", ...leave("a")), plan("replace-node", ...leave("a")), true],
    ["that evened out the slots", plan("rebalance"), plan("rebalance", move("a")), true],
    ["but not one of another command", plan("rebalance"), plan("add-node", move("a")), false],
    ["but not one that counts", plan("reshard", move("a")), plan("reshard", move("a")), false],
    ["that promoted the same", plan("failover", failover("a", "b")), plan("failover", failover("a", "b")), true],
    ["but not who was before", plan("failover", failover("a", "b")), plan("failover", failover("c", "b")), false],
  ])("%s", (_, done, earlier, expected) => {
    expect(overtakes(done, earlier)).toBe(expected);
  });
});
