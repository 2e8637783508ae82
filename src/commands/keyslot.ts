import { ExitCode } from "../errors.ts";
import { shardsOf } from "../model/cluster.ts";
import { keySlot } from "../model/key-slot.ts";
import { hasSlot } from "../model/slot.ts";
import { survey } from "../survey/survey.ts";
import type { Context } from "./context.ts";

/** Says which slot each key lives in; with a cluster to ask also in which shard. Without one nothing is connected to. */
export async function keyslot(
  keys: readonly Buffer[],
  { seeds, connections, zones, view }: Context,
): Promise<ExitCode> {
  const cluster = seeds.length === 0 ? undefined : await survey(seeds, connections, { depth: "topology", zones });
  const shards = cluster === undefined ? undefined : shardsOf(cluster);
  const found = keys.map((key) => {
    const slot = keySlot(key);
    return { key, slot, shard: shards?.find(({ primary }) => hasSlot(primary.slots, slot)) };
  });
  view.result({ kind: "keyslot", keys: found, asked: cluster !== undefined });
  return ExitCode.Ok;
}
