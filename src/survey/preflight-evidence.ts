import { SlotctlError } from "../errors.ts";
import { type Cluster, type ClusterNode, nodeById, primariesOf } from "../model/cluster.ts";
import { parseInfo } from "../model/parse-info.ts";
import type { MoveEnds, NodeEvidence, PreflightEvidence, Refusal } from "../model/preflight-evidence.ts";
import type { Connections } from "../node/connections.ts";
import { fieldsOf } from "../node/fields.ts";
import { type Command, type Node, type Outcome, ServerError } from "../node/node.ts";
import { mapConcurrently } from "./map-concurrently.ts";
import { askReplicationUsers } from "./replication-user.ts";

const CONCURRENCY = 64;

/**
 * What the nodes that these moves touch tell of their memory and of what our user may do, in two round trips to each.
 * A node that cannot be asked is left out. Nothing is changed.
 */
export async function surveyPreflight(
  cluster: Cluster,
  moves: readonly MoveEnds[],
  connections: Connections,
): Promise<Omit<PreflightEvidence, "running">> {
  const asked = concerned(cluster, moves);
  const [answers, replication] = await Promise.all([
    mapConcurrently(asked, CONCURRENCY, async (node) => {
      const evidence = await evidenceOf(node, neededOf(node, moves), connections);
      return evidence === undefined ? [] : [[node.id, evidence] as const];
    }),
    askReplicationUsers(cluster, moves, connections),
  ]);
  return { nodes: new Map(answers.flat()), replication };
}

/** Every primary is told of a new owner, and the replicas of a target have to find room for what it gets. */
function concerned(cluster: Cluster, moves: readonly MoveEnds[]): readonly ClusterNode[] {
  const targets = new Set(moves.map(({ to }) => to));
  const replicas = cluster.nodes.filter(({ role, primaryId }) => role === "replica" && targets.has(primaryId!));
  const primaries = moves.some(({ method }) => method === "keys")
    ? primariesOf(cluster)
    : moves.flatMap(({ from, to }) => [nodeById(cluster, from) ?? [], nodeById(cluster, to) ?? []]).flat();
  return [...new Set([...primaries, ...replicas])].filter(({ view }) => view !== undefined);
}

/** A key that nobody has; a server checks the right to it all the same. */
const SOME_KEY = "slotctl:preflight";

const AT_SOURCE: readonly Command[] = [
  ["CLUSTER", "COUNTKEYSINSLOT", 0],
  ["CLUSTER", "GETKEYSINSLOT", 0, 1],
  ["MIGRATE", "127.0.0.1", 1, "", 0, 1, "KEYS", SOME_KEY],
];
/** What the source sends in our name. */
const AT_TARGET: readonly Command[] = [
  ["SELECT", 0],
  ["RESTORE-ASKING", SOME_KEY, 0, ""],
];
const EVERYWHERE: readonly Command[] = [["CLUSTER", "SETSLOT", 0, "STABLE"]];

/** A server that lacks a command answers so, which is no refusal: each is asked about both dialects. */
const ATOMIC_AT_SOURCE: readonly Command[] = [
  ["CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", 0, 0, "NODE", "0"],
  ["CLUSTER", "GETSLOTMIGRATIONS"],
  ["CLUSTER", "CANCELSLOTMIGRATIONS"],
];
const ATOMIC_AT_TARGET: readonly Command[] = [
  ["CLUSTER", "GETSLOTMIGRATIONS"],
  ["CLUSTER", "MIGRATION", "IMPORT", 0, 0],
];

function neededOf({ id, role }: ClusterNode, moves: readonly MoveEnds[]): readonly Command[] {
  if (role === "replica") return [];
  const has = (end: "from" | "to", method: MoveEnds["method"]) =>
    moves.some((move) => move[end] === id && move.method === method);
  return [
    ...(moves.some(({ method }) => method === "keys") ? EVERYWHERE : []),
    ...(has("from", "keys") ? AT_SOURCE : []),
    ...(has("to", "keys") ? AT_TARGET : []),
    ...(has("from", "atomic") ? ATOMIC_AT_SOURCE : []),
    ...(has("to", "atomic") ? ATOMIC_AT_TARGET : []),
  ];
}

/** Only Redis accounts for bytes by slot. */
function questionsTo({ facts }: ClusterNode): readonly Command[] {
  const all: readonly Command[] = [
    ["INFO"],
    ["ACL", "WHOAMI"],
    ["CONFIG", "GET", "replica-ignore-maxmemory"],
    ["CONFIG", "GET", "client-output-buffer-limit"],
  ];
  return facts?.engine === "redis" ? [...all, ["CLUSTER", "SLOT-STATS", "SLOTSRANGE", 0, 16_383]] : all;
}

async function evidenceOf(
  node: ClusterNode,
  needed: readonly Command[],
  connections: Connections,
): Promise<NodeEvidence | undefined> {
  try {
    const server = await connections.to(node.dial);
    const [info, user, ignores, buffers, stats] = await server.sendAll(questionsTo(node));
    if (typeof info !== "string") return undefined;
    return {
      ...factsIn(parseInfo(info)),
      slotBytes: slotBytesIn(stats),
      ignoresLimitAsReplica: fieldsOf(ignores).get("replica-ignore-maxmemory") !== "no",
      replicaOutputLimit: outputLimitIn(fieldsOf(buffers).get("client-output-buffer-limit")),
      refusals: typeof user === "string" ? await refusalsFor(user, needed, server) : [],
    };
  } catch (error) {
    // Whether it can be reached is told elsewhere.
    if (error instanceof SlotctlError) return undefined;
    throw error;
  }
}

type InfoEvidence = Pick<NodeEvidence, "memory" | "keys" | "keysWithTtl" | "commandsPerSecond">;

function factsIn(info: ReadonlyMap<string, string>): InfoEvidence {
  const number = (name: string) => Number(info.get(name) ?? 0);
  const databases = [...info].filter(([name]) => /^db\d+$/.test(name)).map(([, value]) => value);
  const sum = (field: RegExp) => databases.reduce((total, text) => total + Number(field.exec(text)?.[1] ?? 0), 0);
  const buffers = number("mem_clients_normal") + number("mem_clients_slaves") + number("mem_replication_backlog");
  return {
    memory: {
      used: Math.max(0, number("used_memory") - number("mem_not_counted_for_evict")),
      // used_memory_dataset leaves out the tables that the keys hang in, and falls below zero on small servers.
      keyspace: Math.max(0, number("used_memory") - number("used_memory_startup") - buffers),
      limit: number("maxmemory"),
      policy: info.get("maxmemory_policy") ?? "noeviction",
    },
    keys: sum(/(?:^|,)keys=(\d+)/),
    keysWithTtl: sum(/(?:^|,)expires=(\d+)/),
    commandsPerSecond: number("instantaneous_ops_per_sec"),
  };
}

/** [slot, [name, value, …]] for each slot; undefined where no bytes are among the values. */
function slotBytesIn(outcome: Outcome | undefined): ReadonlyMap<number, number> | undefined {
  if (!Array.isArray(outcome)) return undefined;
  const bytes = (outcome as readonly Outcome[]).flatMap((entry): readonly (readonly [number, number])[] => {
    const [slot, values] = Array.isArray(entry) ? (entry as readonly Outcome[]) : [];
    const found = fieldsOf(values).get("memory-bytes");
    return found === undefined ? [] : [[Number(slot), Number(found)]];
  });
  return bytes.length === 0 ? undefined : new Map(bytes);
}

/** "normal 0 0 0 slave 268435456 67108864 60 pubsub …": of the replicas' class the hard limit, in bytes. */
function outputLimitIn(value: Outcome | undefined): number | undefined {
  const limit = /\b(?:slave|replica) (\d+) /.exec(String(value ?? ""))?.[1];
  return limit === undefined ? undefined : Number(limit);
}

/**
 * ACL DRYRUN (Redis 7.0 and up, Valkey) answers OK, or says what is forbidden. An error means something else: the server
 * has no such command, or the user may not ask.
 */
async function refusalsFor(user: string, commands: readonly Command[], server: Node): Promise<readonly Refusal[]> {
  const outcomes = await server.sendAll(commands.map((command): Command => ["ACL", "DRYRUN", user, ...command]));
  return commands.flatMap((command, i) => {
    const answer = outcomes[i];
    if (answer instanceof ServerError || answer === "OK") return [];
    return [{ command: nameOf(command), why: String(answer) }];
  });
}

function nameOf([name, subcommand]: Command): string {
  return name === "CLUSTER" ? `${name} ${subcommand}` : String(name);
}
