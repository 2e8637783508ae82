import { SlotctlError } from "../errors.ts";
import type { ClusterNode } from "../model/cluster.ts";
import type { KeyEvidence } from "../model/evidence.ts";
import { quotedText } from "../model/quoted-text.ts";
import type { SlotRanges } from "../model/slot.ts";
import type { Connections } from "../node/connections.ts";
import { type Node, ServerError } from "../node/node.ts";
import { withConnection } from "../node/with-connection.ts";
import { countKeysPerSlot } from "./count-keys.ts";
import { mapConcurrently } from "./map-concurrently.ts";
import { estimateBytes, type SampledKey, sampleKeys, typesOf } from "./sample-keys.ts";

/** Slots of one node whose keys somebody wants to know about. */
export interface KeysAsked {
  readonly node: ClusterNode;
  readonly slots: SlotRanges;
  readonly sample: Sample;
}

/**
 * How many keys are looked at: to `search` for big ones, which a MIGRATE would keep their node busy with, or just to
 * `estimate` the bytes.
 */
export type Sample = keyof typeof SAMPLES;

export interface EvidenceSurvey {
  readonly connections: Connections;
  /** From how many bytes on a key is big. */
  readonly bigKeyBytes: number;
}

const CONCURRENCY = 16;

/** At most so much is looked at on one node. */
const SAMPLES = { search: { slots: 500, keys: 2000 }, estimate: { slots: 64, keys: 256 } } as const;

/** And not for longer than this. */
const LONGEST_MS = 1000;

/** Counts the keys, and where there are any looks at some: enough to estimate, too little to disturb. */
export function surveyKeys(asked: readonly KeysAsked[], survey: EvidenceSurvey): Promise<readonly KeyEvidence[]> {
  const until = performance.now() + LONGEST_MS;
  return mapConcurrently(asked, CONCURRENCY, async (one) => {
    const counts = await countKeysPerSlot(one.node, one.slots, survey.connections);
    if (counts === undefined) return { keys: undefined, bytes: undefined, sampledKeys: 0, bigKeys: [] };
    const keys = [...counts.values()].reduce((a, b) => a + b, 0);
    if (keys === 0) return { keys, bytes: 0, sampledKeys: 0, bigKeys: [] };
    const sharing = asked.filter(({ node }) => node.id === one.node.id).length;
    const most = SAMPLES[one.sample];
    const limits = { slots: Math.ceil(most.slots / sharing), keys: Math.ceil(most.keys / sharing), until };
    return { keys, ...(await look(one.node, counts, limits, survey)) };
  });
}

async function look(
  node: ClusterNode,
  counts: ReadonlyMap<number, number>,
  limits: Parameters<typeof sampleKeys>[3],
  { connections, bigKeyBytes }: EvidenceSurvey,
): Promise<Omit<KeyEvidence, "keys">> {
  try {
    return await withConnection(connections, node.dial, async (server) => {
      const sampled = await sampleKeys(server, counts, [...(node.facts?.keysByDatabase.keys() ?? [])], limits);
      const bytes = [...estimateBytes(counts, sampled).values()].reduce((a, b) => a + b, 0);
      const big = sampled.filter((key) => key.bytes >= bigKeyBytes).sort((a, b) => b.bytes - a.bytes);
      return {
        bytes: sampled.length === 0 ? undefined : bytes,
        sampledKeys: sampled.length,
        bigKeys: await bigKeys(server, big),
      };
    });
  } catch (error) {
    // A user who may not look, or a node that went away: the move itself will tell.
    if (error instanceof SlotctlError || error instanceof ServerError)
      return { bytes: undefined, sampledKeys: 0, bigKeys: [] };
    throw error;
  }
}

async function bigKeys(server: Node, keys: readonly SampledKey[]): Promise<KeyEvidence["bigKeys"]> {
  const types = await typesOf(server, keys);
  return keys.map(({ key, bytes, slot }, i) => ({ key: quotedText(key).slice(1, -1), type: types[i]!, bytes, slot }));
}
