import type { BigKey, LoadMeasure } from "../../model/evidence.ts";
import type { BeforeAndAfter, MoveTotals } from "../../plan/move-totals.ts";
import { bytes, engine, nodeId, place, role, slots } from "./nouns.ts";
import { plan } from "./plan-schema.ts";
import { unreachable } from "./problem-schema.ts";
import {
  about,
  amount,
  count,
  type Fields,
  listOf,
  named,
  objectOf,
  objectWith,
  optional,
  text,
  wordOf,
  yesOrNo,
} from "./schema.ts";

const member = named("member", () =>
  objectWith({
    id: nodeId,
    address: place,
    hostname: optional(text),
    zone: optional(text),
    role,
    health: wordOf({ ok: true, suspected: true, failing: true }),
    reached: yesOrNo,
    unreachable: optional(unreachable),
    configEpoch: count,
    engine: optional(engine),
    version: optional(text),
    clusterState: optional(wordOf({ ok: true, fail: true })),
    keys: optional(count),
    memoryBytes: optional(bytes),
    replicationOffset: optional(count),
    linkUp: optional(about("Of a replica: whether it is connected with its primary", yesOrNo)),
  }),
);

/** What the nodes of a cluster come to. */
export const clusterTotals: Fields = {
  totals: objectWith({
    nodes: count,
    reached: count,
    shards: about("Primaries with slots", count),
    slots: about("Slots that have an owner", count),
    keys: count,
    memoryBytes: bytes,
  }),
};

export const shards: Fields = {
  shards: listOf(objectWith({ slots, slotCount: count, primary: member, replicas: listOf(member) })),
  replicasWithoutPrimary: listOf(member),
};

/** Who owns a slot, and who copies it. */
export const briefShard = objectWith({
  slots,
  primary: objectWith({ id: nodeId, address: place }),
  replicas: listOf(objectWith({ id: nodeId, address: place })),
});

const change = (value: typeof count) => objectOf<BeforeAndAfter>({ before: value, after: value });

const bigKey = objectOf<BigKey>({ key: text, type: text, bytes, slot: count });

/** A plan that moves slots, and what the moves do. */
export const movePlan: Fields = {
  plan,
  moves: listOf(
    objectWith({
      from: nodeId,
      to: nodeId,
      slots,
      slotCount: count,
      keys: optional(count),
      bytes: optional(about("An estimate", amount)),
      sampledKeys: optional(count),
      bigKeys: optional(listOf(bigKey)),
    }),
  ),
  totals: objectOf<MoveTotals>({
    slots: count,
    keys: count,
    bytes: optional(about("An estimate", amount)),
    sampledKeys: count,
    atLeastSeconds: optional(about("Not faster than this, by the limit that was set", amount)),
  }),
  balancedBy: optional(wordOf<LoadMeasure>({ keys: true, memory: true, cpu: true, network: true })),
  balance: listOf(
    objectWith({
      node: nodeId,
      address: place,
      slots: change(count),
      keys: optional(change(count)),
      memoryBytes: optional(change(amount)),
      load: optional(change(amount)),
    }),
  ),
};

/** A plan of any steps; the rest is there when it moves slots. */
export const stepsPlan: Fields = { ...optionalFields(movePlan), plan };

/** The same fields, each of which may be missing. */
export function optionalFields(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, field.optional === undefined ? optional(field) : field]),
  );
}
