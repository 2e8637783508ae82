/** What `slotctl schema` can show, each with what it is of. Apart from the schemas, which nobody else has to load. */
export const SCHEMA_NAMES = [
  "create",
  "check",
  "info",
  "fix",
  "reshard",
  "rebalance",
  "failover",
  "rebalance-replicas",
  "add-node",
  "del-node",
  "replace-node",
  "forget",
  "apply",
  "resume",
  "call",
  "config get",
  "config set",
  "config show",
  "config contexts",
  "set-timeout",
  "keyslot",
  "import",
  "backup",
  "backup verify",
  "restore",
  "wait",
  "sandbox start",
  "sandbox status",
  "sandbox stop",
  "completion",
  "schema",
  "error",
  "plan",
  "progress",
] as const;

export type SchemaName = (typeof SCHEMA_NAMES)[number];

export function isSchemaName(name: string): name is SchemaName {
  return (SCHEMA_NAMES as readonly string[]).includes(name);
}
