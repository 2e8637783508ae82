import { expect, test } from "vitest";
import { signatureOf } from "../../../src/model/cluster.ts";
import type { NodeRef, Plan } from "../../../src/plan/plan.ts";
import { stepTexts } from "../../../src/view/step-text.ts";
import { clusterOf, idOf } from "../../helpers/cluster-builder.ts";

const BEFORE = clusterOf({ a: [0, 8191], b: [8192, 16_383] });

function meeting(command: Plan["command"]): Plan {
  const ref = (name: string, port: number): NodeRef => ({ id: idOf(name), address: { host: "127.0.0.1", port } });
  const nodes = [ref("a", 7000), ref("b", 7001), ref("c", 7002)];
  const madeFor = signatureOf(BEFORE);
  return {
    ...{ schemaVersion: 1, command, madeFor, steps: [{ kind: "meet", nodes }] },
    ...{ reasons: [], warnings: [], expected: [] },
  };
}

test("who joins a cluster is named; where all are new they are counted", () => {
  expect(stepTexts(meeting("add-node"))).toEqual(["let 127.0.0.1:7002 join the other 2 nodes"]);
  expect(stepTexts(meeting("create"))).toEqual(["join 3 nodes into one cluster"]);
});

test("of many ranges the first are named and the others counted", () => {
  const text = (slots: string) => {
    const [from, to] = meeting("rebalance").steps.flatMap((step) => (step.kind === "meet" ? step.nodes : []));
    const step = { kind: "move-slots", from: from!, to: to!, slots, method: "keys" } as const;
    return stepTexts({ ...meeting("rebalance"), steps: [step] })[0];
  };
  const ranges = Array.from({ length: 25 }, (_, i) => `${i * 10}`);
  expect(text("0-5,9")).toMatch(/: 0-5,9$/);
  expect(text(ranges.join(","))).toMatch(/^move 25 slots .*: 0,10,20,30,40,50,60,70,80,90 and 15 more ranges$/);
});
