import { ServerError } from "../../node/node.ts";
import { verdictOf } from "./restore-reply.ts";
import { groupBy, type Routes } from "./routes.ts";
import type { Side } from "./same-value.ts";
import type { ReadOutcome } from "./values.ts";

/** What is under a key, and where that was asked. */
export interface ReadAt {
  readonly outcome: ReadOutcome;
  readonly side: Side;
}

/** Redirections that are followed for one key. */
const HOPS = 5;

/** What lies under these keys in this database of a cluster now, each asked for its expiry. */
export async function readCluster(
  keys: readonly Buffer[],
  database: number,
  routes: Routes,
): Promise<readonly ReadAt[]> {
  const found = new Array<ReadAt>(keys.length);
  const indices = keys.map((_, index) => index);
  const groups = groupBy(indices, (index) => routes.ownerOf(keys[index]!));
  await Promise.all(
    [...groups].map(async ([at, group]) => {
      const reader = await routes.to(at, database);
      const asked = group.map((index) => keys[index]!);
      const values = await reader.read(asked, { askExpiry: true });
      for (const [i, index] of group.entries()) {
        const first: ReadAt = { outcome: values.outcome(i), side: { node: reader.node, asking: false } };
        found[index] = await readElsewhere(keys[index]!, { database, routes, first });
      }
    }),
  );
  return found;
}

interface Elsewhere {
  readonly database: number;
  readonly routes: Routes;
  readonly first: ReadAt;
}

async function readElsewhere(key: Buffer, { database, routes, first }: Elsewhere): Promise<ReadAt> {
  let latest = first;
  for (let hop = 0; hop < HOPS && latest.outcome instanceof ServerError; hop++) {
    const verdict = verdictOf(latest.outcome);
    if (verdict.kind !== "moved" && verdict.kind !== "ask") break;
    const to = routes.follow(verdict, latest.side.node.address);
    const asking = verdict.kind === "ask";
    const reader = await routes.to(to, database);
    const values = await reader.read([key], { asking, askExpiry: true });
    latest = { outcome: values.outcome(0), side: { node: reader.node, asking } };
  }
  return latest;
}
