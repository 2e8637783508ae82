import { ServerError } from "../../node/node.ts";
import { type Entry, expireTogether } from "./entry.ts";
import type { KeyReader } from "./key-reader.ts";
import { readCluster } from "./read-cluster.ts";
import type { Routes } from "./routes.ts";
import { sameBytes, sameContent } from "./same-value.ts";
import { restoreRefused } from "./transfer-failures.ts";

/** How an entry and what lies in the cluster compare. */
export type Comparison = "same" | "different" | "missing";

/** Compares entries of one database, just read from `source`, with what the cluster holds now. */
export async function compareWithCluster(
  entries: readonly Entry[],
  source: KeyReader,
  routes: Routes,
): Promise<readonly Comparison[]> {
  if (entries.length === 0) return [];
  const names = entries.map(({ key }) => key);
  const found = await readCluster(names, entries[0]!.database, routes);
  return Promise.all(
    entries.map(async (entry, i): Promise<Comparison> => {
      const { outcome, side } = found[i]!;
      if (outcome instanceof ServerError) throw restoreRefused(side.node.address, outcome);
      // What has expired meanwhile is where it belongs.
      if (outcome === undefined)
        return entry.expiresAt !== undefined && entry.expiresAt <= Date.now() + CLOCKS_APART_MS ? "same" : "missing";
      if (!expireTogether(entry.expiresAt, outcome.expiresAt)) return "different";
      if (sameBytes(entry.payload, outcome.payload)) return "same";
      return (await sameContent(entry.key, { node: source.node, asking: false }, side)) ? "same" : "different";
    }),
  );
}

/** How far the clocks of two servers may be apart before a key that expires is missed too early. */
const CLOCKS_APART_MS = 2000;
