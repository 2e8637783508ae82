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
