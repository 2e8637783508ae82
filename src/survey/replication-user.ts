import { SlotctlError } from "../errors.ts";
import { type Cluster, type ClusterNode, type NodeId, nodeById } from "../model/cluster.ts";
import type { MoveEnds, ReplicationRefusal } from "../model/preflight-evidence.ts";
import type { Connections } from "../node/connections.ts";
import { fieldsOf } from "../node/fields.ts";
import { type Command, type Node, type Outcome, ServerError } from "../node/node.ts";
import { connectPipelined } from "../node/pipelined-node.ts";
import { mapConcurrently } from "./map-concurrently.ts";

/** What a replica shows to its primary. Held here only, while the servers are tried; never part of a picture. */
export interface ReplicationSecret {
  readonly user: string;
  readonly password: string;
}

/** What this server would log in to its primary with; undefined when it may not be asked. */
export async function replicationSecretOf(server: Node): Promise<ReplicationSecret | undefined> {
  const [user, password] = await server.sendAll([
    ["CONFIG", "GET", "masteruser"],
    ["CONFIG", "GET", "masterauth"],
  ]);
  if (user instanceof ServerError || password instanceof ServerError) return undefined;
  return { user: settingOf(user, "masteruser"), password: settingOf(password, "masterauth") };
}

function settingOf(outcome: Outcome | undefined, name: string): string {
  return String(fieldsOf(outcome).get(name) ?? "");
}

/** Does what a replica does first: log in and name its capabilities. Says why this node would refuse that, if it would. */
export async function replicationRefusal(
  { user, password }: ReplicationSecret,
  { dial }: ClusterNode,
  { settings }: Connections,
): Promise<string | undefined> {
  const credentials = password === "" ? undefined : { ...(user === "" ? {} : { user }), password };
  let node: Node | undefined;
  try {
    node = await connectPipelined(dial, { ...settings, credentials });
    await node.send("REPLCONF", "capa", "psync2");
    return undefined;
  } catch (error) {
    if (error instanceof ServerError) return error.message;
    if (error instanceof SlotctlError) return causeOf(error);
    throw error;
  } finally {
    node?.close();
  }
}

/** The server's own words where there are any: they hold no secret. */
function causeOf({ cause, message }: SlotctlError): string {
  return cause instanceof ServerError ? cause.message : message;
}

const CONCURRENCY = 16;

/**
 * Which sources of atomic moves on Valkey would be turned away by their target: it lets them do only what the user of
 * their replication may (topics/atomic-slot-migration of the Valkey manual, which asks for less than keys take). Redis
 * uses a secret of its own instead.
 */
export async function askReplicationUsers(
  cluster: Cluster,
  moves: readonly MoveEnds[],
  connections: Connections,
): Promise<readonly ReplicationRefusal[]> {
  const atomic = moves.filter(({ method, from }) => method === "atomic" && isValkey(cluster, from));
  const found = await mapConcurrently(atomic, CONCURRENCY, async ({ from, to }) => {
    const source = nodeById(cluster, from)!;
    const target = nodeById(cluster, to);
    const why = target === undefined ? undefined : await refusalBetween(source, target, connections);
    return why === undefined ? [] : [{ from, to, why }];
  });
  return found.flat();
}

function isValkey(cluster: Cluster, id: NodeId): boolean {
  return nodeById(cluster, id)?.facts?.engine === "valkey";
}

async function refusalBetween(
  source: ClusterNode,
  target: ClusterNode,
  connections: Connections,
): Promise<string | undefined> {
  try {
    const secret = await replicationSecretOf(await connections.to(source.dial));
    if (secret === undefined) return undefined;
    const refusal = await replicationRefusal(secret, target, connections);
    return refusal ?? (await missingRight(secret.user || "default", await connections.to(target.dial)));
  } catch (error) {
    // Whether they can be reached is told elsewhere.
    if (error instanceof SlotctlError) return undefined;
    throw error;
  }
}

/** One of each kind of what a source sends: to begin, to choose a database, and to rebuild keys of every type. */
const SENT: readonly Command[] = [
  ["CLUSTER", "SYNCSLOTS", "ESTABLISH"],
  ["SELECT", 0],
  ["SET", "k", "v"],
  ["RPUSH", "k", "v"],
  ["SADD", "k", "v"],
  ["ZADD", "k", 1, "v"],
  ["HSET", "k", "f", "v"],
  ["XADD", "k", "*", "f", "v"],
  ["PEXPIREAT", "k", 1],
];

async function missingRight(user: string, target: Node): Promise<string | undefined> {
  const outcomes = await target.sendAll(SENT.map((command): Command => ["ACL", "DRYRUN", user, ...command]));
  return outcomes.filter((outcome) => !(outcome instanceof ServerError) && outcome !== "OK").map(String)[0];
}
