import { ExitCode } from "../../errors.ts";
import { briefShard, clusterTotals, movePlan, optionalFields, shards, stepsPlan } from "./cluster-schema.ts";
import { event } from "./event-schema.ts";
import { nodeId, place, role, seconds, slots } from "./nouns.ts";
import { plan } from "./plan-schema.ts";
import { problem, violation } from "./problem-schema.ts";
import {
  about,
  anyOf,
  constant,
  count,
  type Fields,
  listOf,
  named,
  objectWith,
  optional,
  orNull,
  type Schema,
  text,
  word,
  wordOf,
  yesOrNo,
} from "./schema.ts";
import type { SchemaName } from "./schema-names.ts";
import { SCHEMA_VERSION } from "./schema-version.ts";
import { contexts, nodeSettings, settingChanges, shownSettings } from "./setting-schema.ts";
import {
  backedUp,
  fileProblem,
  functionOutcome,
  importPlan,
  manifest,
  restorePlan,
  transferred,
} from "./transfer-schema.ts";

/** Everything that slotctl writes as JSON, by the name that `slotctl schema` gives it. */
export const DOCUMENTS: Readonly<Record<SchemaName, () => Schema>> = {
  create: () =>
    anyOf(
      done("create", { ...outcome, ...createPlan, seconds }),
      about("The servers are a cluster already", done("create", { ...outcome, ...clusterTotals })),
      failure(createPlan),
    ),
  check: () => command("check", { ...clusterTotals, problems: listOf(problem) }, "False when there are problems"),
  info: () => command("info", { ...clusterTotals, ...shards }),
  fix: () => changing("fix"),
  reshard: () => moving("reshard"),
  rebalance: () => moving("rebalance"),
  failover: () => changing("failover"),
  "rebalance-replicas": () => changing("rebalance-replicas"),
  "add-node": () => changing("add-node"),
  "del-node": () => changing("del-node"),
  "replace-node": () => changing("replace-node"),
  forget: () => changing("forget"),
  apply: () => command("apply", applied),
  resume: () => command("apply", applied),
  call: () => command("call", called, "False when a node refused, or gave no answer"),
  "config get": () => command("config get", nodeSettings, "False when a node did not tell"),
  "config set": () => command("config set", { ...outcome, ...settingChanges }, SET_OK),
  "config show": () => command("config show", shownSettings),
  "config contexts": () => command("config contexts", contexts),
  "set-timeout": () => command("config set", { ...outcome, ...settingChanges }, SET_OK),
  keyslot: () => command("keyslot", keyslots),
  import: () => anyOf(done("import", imported, COMPLETE), failure({ plan: importPlan })),
  backup: () => command("backup", backup, "False when a file is not whole"),
  "backup verify": () => command("backup verify", verified, "False when the backup is not whole"),
  restore: () => anyOf(done("restore", restored, COMPLETE), failure({ plan: restorePlan })),
  wait: () => command("wait", { condition: text, nodes: count, seconds }),
  "sandbox start": () => command("sandbox", sandbox),
  "sandbox status": () => command("sandbox", sandbox, "False when one of them is not running"),
  "sandbox stop": () => command("sandbox", sandbox),
  completion: () => command("completion", { shell: text, script: text }),
  schema: () => command("schema", { schemas: listOf(text) }),
  error: () => failure({}),
  plan: () => plan,
  progress: () => event,
};

const SET_OK = "False when a setting could not be changed on every node";
const COMPLETE = "False when there are keys in trouble";

/** What every command that changes something says. */
const outcome: Fields = { changed: yesOrNo, dryRun: yesOrNo };

function command(name: string, fields: Fields, ok?: string): Schema {
  return anyOf(done(name, fields, ok), failure({}));
}

function changing(name: string): Schema {
  const fields = { ...outcome, summary: text, ...stepsPlan, seconds };
  return anyOf(done(name, fields), failure(stepsPlan));
}

function moving(name: string): Schema {
  return anyOf(done(name, { ...outcome, ...movePlan, keysMoved, seconds }), failure(movePlan));
}

/** The document of a command that came to its end. `ok` says when it can be false all the same. */
function done(name: string, fields: Fields, ok?: string): Schema {
  const isOk = ok === undefined ? constant(true) : about(ok, yesOrNo);
  return objectWith({ schemaVersion: constant(SCHEMA_VERSION), ok: isOk, command: word(name), ...fields });
}

/** The document of a command that failed; with the plan, when it had been shown. */
function failure(shown: Fields): Schema {
  return about(
    "The command failed",
    objectWith({
      schemaVersion: constant(SCHEMA_VERSION),
      ok: constant(false),
      error: named("error", () => error),
      ...optionalFields(shown),
    }),
  );
}

const error = objectWith({
  code: about("Does not change; slotctl(1) lists them", { type: "string", pattern: "^[A-Z][A-Z0-9_]*$" }),
  message: text,
  hint: optional(about("What to do next", text)),
  details: optional(about("One finding each", listOf(text))),
  exitCode: { type: "integer", enum: Object.values(ExitCode).filter((code) => code !== ExitCode.Ok) },
});

const keysMoved = about("Null where the servers moved them and did not tell how many", orNull(count));

const createPlan: Fields = { plan, violations: listOf(violation) };

const applied: Fields = { ...outcome, plan, keysMoved, seconds };

/** What a server said: bytes that are no UTF-8 as base64. */
const reply: Schema = named("reply", () =>
  anyOf(text, { type: "number" }, { type: "null" }, objectWith({ base64: text }), listOf(reply)),
);

const called: Fields = {
  words: listOf(reply),
  answers: listOf(
    anyOf(
      objectWith({ id: nodeId, address: place, role, reply }),
      objectWith({
        id: nodeId,
        address: place,
        role,
        error: objectWith({ kind: wordOf({ refused: true, unreachable: true }), message: text }),
      }),
    ),
  ),
};

const keyslots: Fields = {
  keys: listOf(
    objectWith({ key: reply, slot: { type: "integer", minimum: 0, maximum: 16_383 }, shard: optional(briefShard) }),
  ),
};

const imported: Fields = {
  ...outcome,
  plan: importPlan,
  ...transferred,
  sourceMoved: optional(about("Slots of the source moved while it was read: keys may be missing", constant(true))),
  seconds,
};

const restored: Fields = {
  ...outcome,
  plan: restorePlan,
  ...transferred,
  functions: optional(listOf(functionOutcome)),
  seconds,
};

const backup: Fields = {
  changed: constant(false),
  directory: text,
  ...backedUp,
  verified: about("Whether the files were read back", yesOrNo),
  seconds,
};

const verified: Fields = {
  directory: text,
  manifest: about("Null of a backup that redis-cli or valkey-cli made", orNull(manifest)),
  files: listOf(
    objectWith({
      file: text,
      slots,
      address: text,
      bytes: count,
      keys: optional(count),
      rdbVersion: optional(count),
      checksummed: yesOrNo,
      ok: yesOrNo,
      problem: optional(fileProblem),
    }),
  ),
  aclProblem: optional(fileProblem),
  missing: about("Slots that no file has", slots),
};

const sandbox: Fields = {
  changed: yesOrNo,
  state: wordOf({ running: true, stopped: true, absent: true }),
  directory: text,
  engine: text,
  nodes: listOf(objectWith({ address: place, pid: count, running: yesOrNo })),
};
