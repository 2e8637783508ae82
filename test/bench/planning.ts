import { formatAddress } from "../../src/model/address.ts";
import type { Candidate } from "../../src/model/candidate.ts";
import { parseNodes } from "../../src/model/parse-nodes.ts";
import { planCreate } from "../../src/plan/create.ts";
import { planRebalance } from "../../src/plan/rebalance.ts";
import { clusterOf, nodeNamed } from "../helpers/cluster-builder.ts";
import { millisecondsOf } from "./measure.ts";
import { row } from "./report.ts";

export function planning(): void {
  const candidates = thousandBlank();
  const plan = millisecondsOf(() => planCreate({ candidates, replicas: 1 }));
  row("plan create: 1,000 nodes, 50 hosts, 3 zones", `${plan.toFixed(0)} ms`, "-", "-", "< 200 ms");

  const uneven = unevenCluster(500);
  const rebalance = millisecondsOf(() =>
    planRebalance(uneven, { weights: new Map(), thresholdPercent: 2, useEmptyPrimaries: true }),
  );
  row("plan rebalance: 500 primaries, 100 of them empty", `${rebalance.toFixed(0)} ms`, "-", "-", "< 200 ms");

  const reply = thousandLines();
  const parse = millisecondsOf(() => parseNodes(reply));
  row("parse CLUSTER NODES of 1,000 nodes", `${parse.toFixed(1)} ms`, "-", "-", "< 200 ms");
}

/** Candidates as a survey of blank servers would find them: 1,000 on 50 hosts in 3 zones. */
function thousandBlank(): readonly Candidate[] {
  const [name] = ["n"];
  const { node } = { node: nodeNamed(clusterOf({ [name!]: [] }), name!) };
  return Array.from({ length: 1000 }, (_, i) => {
    const host = `10.0.0.${i % 50}`;
    const id = i.toString(16).padStart(40, "0") as typeof node.id;
    const address = { host, port: 7000 + Math.floor(i / 50) };
    const own = {
      ...node,
      id,
      host,
      address,
      zone: `zone-${i % 3}`,
      view: { ...node.view!, lines: [{ ...node.view!.myself, id }] },
    };
    return { typed: formatAddress(address), node: own, announcedFailure: undefined, replicationRefusal: undefined };
  });
}

/** Every fifth primary is empty, the others share all slots in runs. */
function unevenCluster(primaries: number) {
  const owners = Array.from({ length: primaries }, (_, i) => i).filter((i) => i % 5 !== 0);
  const share = 16_384 / owners.length;
  const layout = Array.from({ length: primaries }, (_, i): readonly [string, readonly number[]] => {
    const at = owners.indexOf(i);
    const name = `n${i}x`;
    return at < 0 ? [name, []] : [name, [Math.floor(at * share), Math.floor((at + 1) * share) - 1]];
  });
  return clusterOf(Object.fromEntries(layout));
}

function thousandLines(): string {
  const lines = Array.from({ length: 1000 }, (_, i) => {
    const id = i.toString(16).padStart(40, "0");
    const flags = `${i === 0 ? "myself," : ""}${i < 500 ? "master" : "slave"}`;
    const primary = i < 500 ? "-" : (i - 500).toString(16).padStart(40, "0");
    const slots = i < 500 ? ` ${i * 32}-${i * 32 + 31}` : "";
    return `${id} 10.0.${i % 250}.${i % 50}:7000@17000,host-${i} ${flags} ${primary} 0 1690000000${i} ${i} connected${slots}`;
  });
  return `${lines.join("\n")}\n`;
}
