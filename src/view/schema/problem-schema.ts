import type { Unreachable } from "../../model/cluster.ts";
import type { Difference, Problem } from "../../plan/problems.ts";
import type { PlacementViolation } from "../../plan/violations.ts";
import { bytes, nodeId, place, role, slots } from "./nouns.ts";
import { kindWith } from "./plan-schema.ts";
import {
  about,
  anyOf,
  count,
  type Fields,
  type FieldsOf,
  listOf,
  named,
  objectOf,
  objectWith,
  optional,
  type Schema,
  text,
  word,
  wordOf,
  yesOrNo,
} from "./schema.ts";

type FieldsByKind<Union extends { readonly kind: string }> = {
  readonly [Kind in Union["kind"]]: FieldsOf<Omit<Extract<Union, { kind: Kind }>, "kind">>;
};

const VIOLATIONS: FieldsByKind<PlacementViolation> = {
  "one-zone": { shard: text, zone: text, why: text },
  "replica-on-primary-host": { shard: text, replica: text, host: text, why: text },
  "replicas-share-host": { shard: text, replicas: listOf(text), host: text, why: text },
};

export const violation = named("violation", () => anyOf(...Object.entries(VIOLATIONS).map(kindWith)));

/** Why a node told nothing of itself. */
export const unreachable = named("unreachable", () => objectOf<Unreachable>({ code: text, message: text }));

const ids = listOf(nodeId);

const difference: FieldsOf<Difference> = {
  slots,
  owner: optional(about("Whom the nodes give them to; left out for nobody", nodeId)),
  elsewhere: optional(about("Whom most others give them to; left out for nobody", nodeId)),
};

/** A new kind of problem, or more evidence for one, fails to compile until it is here. */
const EVIDENCE: FieldsByKind<Problem> = {
  "uncovered-slots": { slots },
  "several-owners": { slots, owners: ids },
  "open-slots": { node: nodeId, state: wordOf({ migrating: true, importing: true }), slots, peers: ids },
  disagreement: { nodes: ids, differences: listOf(objectWith(difference)) },
  "unknown-member": { node: nodeId, unknownTo: ids },
  "node-unreachable": { node: nodeId, role, reason: unreachable },
  "node-suspected": { node: nodeId, health: wordOf({ suspected: true, failing: true }), saidBy: ids },
  "cluster-state": { nodes: ids },
  "epoch-collision": { epoch: count, nodes: ids },
  "stray-keys": { node: nodeId, keys: count, slots },
  ghost: { node: nodeId, knownTo: ids },
  handshake: { address: text, seenBy: ids },
  "duplicate-address": { address: place, nodes: ids },
  "unknown-primary": { node: nodeId, primary: optional(nodeId) },
  "replica-link-down": { node: nodeId, primary: nodeId, syncing: yesOrNo, wantsPassword: yesOrNo },
  "function-drift": { library: text, missingOn: ids, versions: listOf(ids) },
  "replica-lagging": { node: nodeId, primary: nodeId, bytes },
  "no-replica": { primaries: ids },
  "uneven-replicas": { fewest: count, most: count, shards: ids },
  "few-primaries": { count },
  "anti-affinity": { shards: count, violations: listOf(violation) },
  "setting-drift": { setting: text, values: listOf(objectWith({ value: text, nodes: ids })) },
  "mixed-versions": { versions: listOf(objectWith({ version: text, nodes: ids })) },
};

/** One thing that is wrong, with the evidence for it. */
export const problem = named("problem", () => anyOf(...Object.entries(EVIDENCE).map(problemOf)));

function problemOf([kind, evidence]: readonly [string, Fields]): Schema {
  return objectWith({
    kind: word(kind),
    severity: wordOf({ error: true, warning: true }),
    message: text,
    hint: text,
    evidence: objectWith(evidence),
  });
}
