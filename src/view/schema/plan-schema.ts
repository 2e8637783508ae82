import { PLAN_SCHEMA_VERSION, type Plan, type PlannedShard, type Step } from "../../plan/plan.ts";
import { node, slots } from "./nouns.ts";
import {
  about,
  anyOf,
  constant,
  count,
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

const policy = wordOf({ leave: true, owner: true, newest: true, "keep-both": true, ask: true });

type StepFields = { readonly [Kind in Step["kind"]]: FieldsOf<Omit<Extract<Step, { kind: Kind }>, "kind">> };

/** A new kind of step, or a new field of one, fails to compile until it is here. */
const STEPS: StepFields = {
  "set-config-epoch": { node, epoch: count },
  "add-slots": { node, slots },
  meet: { nodes: listOf(node), slotsLater: optional(constant(true)) },
  replicate: { node, primary: node, inSync: optional(constant(true)) },
  "move-slots": {
    from: node,
    to: node,
    slots,
    method: wordOf({ keys: true, atomic: true }),
    onConflict: optional(policy),
  },
  "set-config": { node, setting: word("cluster-allow-replica-migration"), value: text },
  failover: { node, primary: node, mode: wordOf({ safe: true, force: true, takeover: true }) },
  "load-functions": { node, from: node },
  forget: { node, from: listOf(node) },
  reset: { node, hard: yesOrNo },
  shutdown: { node },
  "del-slots": { node, owner: node, slots },
  "assign-slots": { node, slots },
  "close-slots": { node, slots },
  "bring-keys": { from: node, to: node, slots, onConflict: policy },
  "bump-epoch": { node },
};

export const step = named("step", () => anyOf(...Object.entries(STEPS).map(kindWith)));

/** One member of a union that is told from the others by its kind. */
export function kindWith([kind, fields]: readonly [string, object]): Schema {
  return objectWith({ kind: word(kind), ...fields });
}

const shard = named("plannedShard", () => objectOf<PlannedShard>({ primary: node, slots, replicas: listOf(node) }));

/** What --plan-out writes and apply reads; also a part of other documents. */
export const plan = named("plan", () =>
  objectOf<Plan>({
    schemaVersion: constant(PLAN_SCHEMA_VERSION),
    command: wordOf<Plan["command"]>({
      create: true,
      reshard: true,
      rebalance: true,
      failover: true,
      "rebalance-replicas": true,
      "add-node": true,
      "del-node": true,
      forget: true,
      "replace-node": true,
      fix: true,
    }),
    madeFor: about("Signature of the cluster the plan was made for: members, roles and slots", text),
    steps: listOf(step),
    reasons: about("Why the plan is as it is, where that is not plain to see", listOf(text)),
    warnings: about("What to know before saying yes", listOf(text)),
    expected: about("The shards as they are meant to be in the end", listOf(shard)),
  }),
);
