import { type Cluster, type NodeId, nodeById } from "../model/cluster.ts";
import type { PreflightFinding, SlotChange } from "../plan/preflight.ts";
import { bytesText, count, listText, nameById, secondsText, slotsText } from "./words.ts";

/** What was found before a move, in a sentence without its end. */
export function preflightText(finding: PreflightFinding, cluster: Cluster): string {
  const name = (id: NodeId) => nameById(cluster, id);
  switch (finding.kind) {
    case "would-evict":
    case "would-overflow":
    case "little-room":
      return memoryText(finding, name(finding.node));
    case "not-allowed":
      return `${name(finding.node)} does not let this user run ${listText([...new Set(finding.commands)])}: ${finding.why}`;
    case "replication-refused":
      return `${name(finding.to)} does not let the replication user of ${name(finding.from)} do what an atomic move takes: ${finding.why}`;
    case "incompatible-dump":
      return `${versionText(cluster, finding.to)} ${finding.certain ? "cannot" : "may not be able to"} read keys of ${versionText(cluster, finding.from)}`;
    case "migration-running":
      return `${slotsText(finding.migration.slots)} are being moved already, as ${name(finding.migration.node)} tells`;
    case "trims-stray-keys":
      return `${name(finding.node)} holds ${count(finding.keys, "key")} in slots that it does not own, and would delete them at the start of an atomic move`;
    case "slow-key":
      return `big key "${finding.key.key}" (${bytesText(finding.key.bytes)}) may keep ${name(finding.node)} from answering for ${secondsText(finding.milliseconds / 1000)}, and after ${secondsText(finding.nodeTimeout / 1000)} others hold it for dead: raise that first with slotctl set-timeout`;
    case "replica-behind":
      return `${name(finding.replica)}, a replica of ${name(finding.primary)}, has no link to it: what arrives is not copied until it has`;
    case "output-buffer":
      return `about ${bytesText(finding.bytes)} leave ${name(finding.from)} in one go, and what is written meanwhile has to fit into ${bytesText(finding.limit)} (client-output-buffer-limit replica)`;
    case "known-defect":
      return `${versionText(cluster, finding.node)} ${DEFECTS[finding.defect]}`;
  }
}

const DEFECTS: Readonly<Record<Extract<PreflightFinding, { kind: "known-defect" }>["defect"], string>> = {
  "breaks-under-writes":
    "is known to break off an atomic move under heavy writes to its slots (valkey-io/valkey#4545); --method keys avoids that",
  "needs-syncslots-right":
    "wants the right to CLUSTER SYNCSLOTS even of the default user (valkey-io/valkey#2783); later versions do not",
  "adjacent-ranges": "may fail atomic moves of adjacent ranges (redis/redis#14637); 8.4.1 does not",
};

type MemoryFinding = Extract<PreflightFinding, { kind: "would-evict" | "would-overflow" | "little-room" }>;

function memoryText({ kind, role, bytes, room, policy }: MemoryFinding, name: string): string {
  const who = role === "replica" ? `${name}, a replica` : name;
  const what = `about ${bytesText(bytes)} go to ${who}, which has room for ${bytesText(room)}`;
  switch (kind) {
    case "would-evict":
      return `${what}: ${role === "replica" ? "once promoted " : ""}it would evict keys (maxmemory-policy ${policy})`;
    case "would-overflow":
      return `${what}: ${role === "replica" ? "once promoted " : ""}it would refuse writes (maxmemory-policy ${policy})`;
    case "little-room":
      return `${what}: less than a tenth of its maxmemory is left then`;
  }
}

function versionText(cluster: Cluster, id: NodeId): string {
  const facts = nodeById(cluster, id)?.facts;
  const engine = facts?.engine === "valkey" ? "Valkey" : "Redis";
  return facts === undefined ? nameById(cluster, id) : `${nameById(cluster, id)} with ${engine} ${facts.version}`;
}

/** What helps against the first of the errors. */
export function preflightHint({ kind }: PreflightFinding): string {
  switch (kind) {
    case "would-evict":
    case "would-overflow":
    case "little-room":
      return "Nothing was changed. Raise maxmemory there or move fewer slots; --ignore-memory moves them all the same";
    case "not-allowed":
      return "Nothing was changed. Give the ACL user the right on every node, or use another --user";
    case "replication-refused":
      return "Nothing was changed. Correct primaryuser and primaryauth or its ACL rules, or use --method keys";
    case "incompatible-dump":
      return "Nothing was changed. Upgrade the target first, or move the slots to a node of the same version";
    case "migration-running":
      return "Nothing was changed. Wait until it is done, or cancel it (CLUSTER CANCELSLOTMIGRATIONS, or CLUSTER MIGRATION CANCEL)";
    case "trims-stray-keys":
      return "Nothing was changed. Have the keys moved home first (slotctl check tells which), or use --method keys";
    case "slow-key":
    case "replica-behind":
    case "output-buffer":
    case "known-defect":
      return "Nothing was changed";
  }
}

/** How the cluster differs from the one that the plan was made for. */
export function slotChangeText(change: SlotChange, cluster: Cluster): string {
  const name = nameById(cluster, change.node);
  switch (change.kind) {
    case "owner":
      return `${name} owned ${change.had.length === 0 ? "no slots" : slotsText(change.had)} and now owns ${change.has.length === 0 ? "none" : slotsText(change.has)}`;
    case "open":
      return `${name} has slot ${change.slot} half way to or from another node`;
    case "role":
      return `${name} is a ${change.role} now`;
  }
}
