import { ExitCode, SlotctlError } from "../errors.ts";
import { type Address, formatAddress } from "../model/address.ts";
import { type Cluster, type ClusterNode, primariesOf } from "../model/cluster.ts";
import { emptyPayload, rdbVersionOf } from "../model/dump-payload.ts";
import type { NodeFacts } from "../model/facts.ts";
import { keySlot } from "../model/key-slot.ts";
import { factsOf, parseInfo } from "../model/parse-info.ts";
import { hasSlot } from "../model/slot.ts";
import type { Connections } from "../node/connections.ts";
import { notAClusterNode, serverRefused } from "../node/failures.ts";
import { type Node, ServerError } from "../node/node.ts";
import { mapConcurrently } from "./map-concurrently.ts";
import { survey } from "./survey.ts";

/** The source of an import, whatever kind of server it is. */
export interface FoundSource {
  readonly address: Address;
  readonly facts: Pick<NodeFacts, "engine" | "version">;
  readonly kind: "standalone" | "replica" | "cluster";
  /** Where its keys can be read: itself, or the primaries. */
  readonly servers: readonly Address[];
  readonly keysByDatabase: ReadonlyMap<number, number>;
  readonly cluster: Cluster | undefined;
}

const CONCURRENCY = 16;

/** @throws SlotctlError, exit code 4, when it cannot be reached, does not let us in, or holds no keys by nature */
export async function surveySource(address: Address, connections: Connections): Promise<FoundSource> {
  const node = await connections.to(address);
  const facts = factsOf(parseInfo(await infoOf(node)), new Map());
  if (facts.mode === "sentinel") throw notAClusterNode(address, "sentinel");
  if (facts.mode === "standalone") {
    const kind = facts.replication.role === "replica" ? "replica" : "standalone";
    return { address, facts, kind, servers: [address], keysByDatabase: facts.keysByDatabase, cluster: undefined };
  }
  const cluster = await survey([address], connections);
  const owners = primariesOf(cluster).filter(({ slots }) => slots.length > 0);
  const lost = owners.find((owner) => owner.facts === undefined);
  if (lost !== undefined) throw sourceIncomplete(lost);
  const keysByDatabase = new Map<number, number>();
  for (const owner of owners) {
    for (const [database, keys] of owner.facts!.keysByDatabase) {
      keysByDatabase.set(database, (keysByDatabase.get(database) ?? 0) + keys);
    }
  }
  return { address, facts, kind: "cluster", servers: owners.map(({ dial }) => dial), keysByDatabase, cluster };
}

async function infoOf(node: Node): Promise<string> {
  const [info] = await node.sendAll([["INFO"]]);
  if (info instanceof ServerError) throw serverRefused(node.address, info);
  return String(info);
}

function sourceIncomplete({ dial, unreachable }: ClusterNode): SlotctlError {
  const why = unreachable?.message ?? `${formatAddress(dial)} does not answer`;
  return new SlotctlError(`A primary of the source cluster cannot be read: ${why}`, {
    code: "SOURCE_INCOMPLETE",
    exitCode: ExitCode.Unreachable,
    hint: "Its keys would be missing. Bring it back, or let a replica take over",
  });
}

/** The format that the source dumps in, seen from one of its keys; undefined when there is none to see it from. */
export async function dumpFormatOf(
  { servers }: FoundSource,
  databases: readonly number[],
  connections: Connections,
): Promise<number | undefined> {
  const found = await mapConcurrently(servers, CONCURRENCY, async (server) => {
    const node = await connections.to(server);
    for (const database of databases) {
      const version = await formatIn(node, database);
      if (version !== undefined) return version;
    }
    return undefined;
  });
  const versions = found.filter((version) => version !== undefined);
  return versions.length === 0 ? undefined : Math.max(...versions);
}

/** SELECT and what depends on it go out in one write: the connection may have other users. */
async function formatIn(node: Node, database: number): Promise<number | undefined> {
  const inDatabase = async (...command: (string | Buffer)[]) => {
    const [, reply] = await node.sendAllBinary([
      ["SELECT", database],
      [command[0]!, ...command.slice(1)],
      ["SELECT", 0],
    ]);
    if (reply instanceof ServerError && reply.word === "NOPERM") throw serverRefused(node.address, reply);
    return Buffer.isBuffer(reply) ? reply : undefined;
  };
  // A key may be gone before it is dumped.
  for (let attempt = 0; attempt < 3; attempt++) {
    const key = await inDatabase("RANDOMKEY");
    const payload = key === undefined ? undefined : await inDatabase("DUMP", key);
    if (payload !== undefined) return rdbVersionOf(payload);
  }
  return undefined;
}

/** What a primary said when it was asked whether it can take the keys. */
export interface TargetAnswer {
  readonly node: ClusterNode;
  readonly missingDatabases: readonly number[];
  readonly refusal: string | undefined;
  readonly readsFormat: boolean;
}

/** Asks every primary that owns slots, without writing anything. */
export function surveyTargets(
  cluster: Cluster,
  { format, databases }: { readonly format: number | undefined; readonly databases: readonly number[] },
  connections: Connections,
): Promise<readonly TargetAnswer[]> {
  const owners = primariesOf(cluster).filter(({ slots }) => slots.length > 0);
  return mapConcurrently(owners, CONCURRENCY, async (owner) => {
    const node = await connections.to(owner.dial);
    const selected = await node.sendAll([...databases.map((database) => ["SELECT", database]), ["SELECT", 0]]);
    const answer = format === undefined ? undefined : await probeFormat(node, owner, format);
    return {
      node: owner,
      missingDatabases: databases.filter((_, i) => selected[i] instanceof ServerError),
      refusal: answer !== undefined && /^(NOPERM|OOM|READONLY|MISCONF)/.test(answer) ? answer : undefined,
      readsFormat: answer === undefined || !/payload version or checksum/i.test(answer),
    };
  });
}

/** Offers a payload of this format that holds no value: it is always refused, and the reason tells. */
async function probeFormat(node: Node, owner: ClusterNode, format: number): Promise<string | undefined> {
  const [reply] = await node.sendAllBinary([["RESTORE", nameIn(owner), 0, emptyPayload(format)]]);
  return reply instanceof ServerError ? reply.message : undefined;
}

/** A name that nobody uses, in a slot of this node. */
function nameIn({ slots }: ClusterNode): Buffer {
  for (let i = 0; ; i++) {
    const name = Buffer.from(`slotctl:import-probe:${i}`);
    if (hasSlot(slots, keySlot(name))) return name;
  }
}
