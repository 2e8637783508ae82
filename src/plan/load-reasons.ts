import { type Cluster, nodeById } from "../model/cluster.ts";
import type { LoadMeasure } from "../model/evidence.ts";
import type { RebalanceOutcome } from "./rebalance.ts";

/** What a plan that evens out loads has to say: what nothing can be done about, and what it rests on. */
export function loadReasons(
  outcome: Exclude<RebalanceOutcome, { kind: "refused" }>,
  { by, sampledKeys }: { readonly by: LoadMeasure; readonly sampledKeys: number | undefined },
  cluster: Cluster,
): readonly string[] {
  const after = outcome.kind === "planned" ? outcome.after : outcome.balance;
  const total = after.reduce((sum, { load }) => sum + load, 0);
  const heaviest = [...outcome.tooHeavy].sort((a, b) => b.load - a.load || a.slot - b.slot);
  const heavy = heaviest.slice(0, MOST).map(({ slot, load }) => {
    return `slot ${slot} alone ${HAS[by]} ${percent(load, total)} of ${WHOLE[by]}: no placement gets closer`;
  });
  const more = heaviest.length > MOST ? [`so it is with ${heaviest.length - MOST} more slots`] : [];
  const owners = new Set(heaviest.map(({ owner }) => owner));
  const offBy = after.filter(({ id, exceeds, share, load }) => exceeds && load > share && !owners.has(id));
  const off = offBy.slice(0, MOST).map(({ id, load }) => {
    const address = nodeById(cluster, id)?.address;
    const name = address === undefined ? id.slice(0, 8) : `${address.host}:${address.port}`;
    return `${name} keeps ${percent(load, total)} of ${WHOLE[by]}: no slot that it could give gets it closer to its share`;
  });
  const rests =
    sampledKeys === undefined || outcome.kind === "balanced"
      ? []
      : [`the memory of the slots is an estimate from ${sampledKeys} keys that were looked at`];
  return [...heavy, ...more, ...off, ...rests];
}

/** So many of a kind are named. */
const MOST = 4;

const HAS: Readonly<Record<LoadMeasure, string>> = {
  keys: "holds",
  memory: "holds",
  cpu: "takes",
  network: "carries",
};

const WHOLE: Readonly<Record<LoadMeasure, string>> = {
  keys: "the keys",
  memory: "the memory",
  cpu: "the CPU time",
  network: "the traffic",
};

function percent(part: number, total: number): string {
  return `${((100 * part) / total).toFixed(part * 100 < total ? 1 : 0)} %`;
}
