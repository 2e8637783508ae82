import type { NodeFacts, Replication } from "./facts.ts";

/** INFO and CLUSTER INFO as a map: "name:value" lines, everything else ignored. */
export function parseInfo(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(":");
    if (colon > 0 && !line.startsWith("#")) fields.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return fields;
}

type InfoFacts = Omit<NodeFacts, "settings" | "functions" | "secretsSet">;

/** What INFO and CLUSTER INFO tell of a node. `clusterInfo` is empty for a server that is not in cluster mode. */
export function factsOf(info: ReadonlyMap<string, string>, clusterInfo: ReadonlyMap<string, string>): InfoFacts {
  const valkey = info.get("valkey_version");
  return {
    engine: valkey === undefined ? "redis" : "valkey",
    version: valkey ?? info.get("redis_version") ?? "unknown",
    mode: modeOf(info),
    loading: info.get("loading") === "1",
    clusterState: clusterInfo.get("cluster_state") === "ok" ? "ok" : "fail",
    currentEpoch: numberIn(clusterInfo, "cluster_current_epoch"),
    knownNodes: numberIn(clusterInfo, "cluster_known_nodes"),
    keysByDatabase: keysByDatabase(info),
    usedMemoryBytes: numberIn(info, "used_memory"),
    zone: nonEmpty(info.get("availability_zone")),
    replication: replicationOf(info),
  };
}

function modeOf(info: ReadonlyMap<string, string>): NodeFacts["mode"] {
  // Valkey calls the field server_mode in newer versions and keeps the old one beside it.
  const mode = info.get("redis_mode") ?? info.get("server_mode");
  if (mode === "sentinel") return "sentinel";
  return mode === "cluster" || info.get("cluster_enabled") === "1" ? "cluster" : "standalone";
}

/** "db0:keys=12,expires=0,…" */
function keysByDatabase(info: ReadonlyMap<string, string>): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const [name, value] of info) {
    const database = /^db(\d+)$/.exec(name)?.[1];
    const keys = /(?:^|,)keys=(\d+)/.exec(value)?.[1];
    if (database !== undefined && keys !== undefined) counts.set(Number(database), Number(keys));
  }
  return counts;
}

function replicationOf(info: ReadonlyMap<string, string>): Replication {
  if (info.get("role") !== "slave") {
    return {
      role: "primary",
      offset: numberIn(info, "master_repl_offset"),
      replicas: numberIn(info, "connected_slaves"),
    };
  }
  const heard = Number(info.get("master_last_io_seconds_ago") ?? -1);
  return {
    role: "replica",
    linkUp: info.get("master_link_status") === "up",
    syncing: info.get("master_sync_in_progress") === "1",
    offset: numberIn(info, "slave_repl_offset"),
    lastHeardSeconds: heard < 0 ? undefined : heard,
    primaryAddress: `${info.get("master_host") ?? ""}:${info.get("master_port") ?? ""}`,
  };
}

function numberIn(fields: ReadonlyMap<string, string>, name: string): number {
  const value = Number(fields.get(name) ?? 0);
  return Number.isFinite(value) ? value : 0;
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text === "" ? undefined : text;
}
