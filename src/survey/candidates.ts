import { SlotctlError } from "../errors.ts";
import { type Address, sameAddress } from "../model/address.ts";
import type { Candidate, LostCandidate } from "../model/candidate.ts";
import type { ClusterNode, View } from "../model/cluster.ts";
import { nodesParser } from "../model/parse-nodes.ts";
import type { Connections } from "../node/connections.ts";
import { ServerError } from "../node/node.ts";
import { waitUntil } from "../node/wait-until.ts";
import { askNode } from "./ask-node.ts";
import { mapConcurrently } from "./map-concurrently.ts";
import { type ReplicationSecret, replicationRefusal, replicationSecretOf } from "./replication-user.ts";
import { describeAlone } from "./survey.ts";

export interface CandidateOptions {
  readonly zones: ReadonlyMap<string, string>;
  /** How long to go on asking servers that do not answer yet, in milliseconds. */
  readonly patience: number;
  readonly signal: AbortSignal;
}

const CONCURRENCY = 64;

/**
 * Finds out about each server by itself what a planner must know before it may become part of a cluster. Servers that
 * are still starting are asked again until the patience is used up; one that fails is a finding, not an error.
 */
export async function surveyCandidates(
  addresses: readonly { readonly typed: string; readonly address: Address }[],
  connections: Connections,
  options: CandidateOptions,
): Promise<readonly (Candidate | LostCandidate)[]> {
  const parse = nodesParser();
  const asked = await mapConcurrently(addresses, CONCURRENCY, ({ typed, address }) =>
    askPatiently(typed, address, connections, parse, options),
  );
  const secrets = await secretsOf(asked, connections);
  return mapConcurrently(asked, CONCURRENCY, async (candidate) =>
    "failure" in candidate
      ? candidate
      : {
          ...candidate,
          announcedFailure: await probeAnnounced(candidate.node, connections),
          replicationRefusal: await probeReplication(candidate.node, secrets, connections),
        },
  );
}

interface Asked {
  readonly typed: string;
  readonly node: ClusterNode;
}

async function askPatiently(
  typed: string,
  address: Address,
  connections: Connections,
  parse: (reply: string) => View,
  { zones, patience, signal }: CandidateOptions,
): Promise<Asked | LostCandidate> {
  let last: LostCandidate = { typed, failure: "was not asked", hint: undefined };
  const look = async (): Promise<Asked | LostCandidate | undefined> => {
    try {
      const testimony = await askNode(await connections.to(address), "health", parse);
      return { typed, node: describeAlone(testimony, connections, zones) };
    } catch (error) {
      if (!(error instanceof SlotctlError)) throw error;
      connections.drop(address);
      const refusal = error.cause instanceof ServerError ? error.cause.message : undefined;
      last = { typed, failure: error.message, code: error.code, refusal, hint: error.hint };
      return mayStillStart(error) ? undefined : last;
    }
  };
  return (await waitUntil(look, { timeout: patience, signal })) ?? last;
}

/** A wrong password or a server of another kind does not get better by waiting. */
function mayStillStart({ code }: SlotctlError): boolean {
  return ["NODE_UNREACHABLE", "CONNECT_TIMEOUT", "CONNECTION_CLOSED", "NODE_LOADING", "NAME_NOT_FOUND"].includes(code);
}

/** A node that announces an address is reached by its peers there and nowhere else: it had better answer there. */
async function probeAnnounced(node: ClusterNode, connections: Connections): Promise<string | undefined> {
  const announced = connections.dialOf(node.address);
  if (sameAddress(announced, node.dial)) return undefined;
  try {
    const id = await (await connections.to(announced)).send("CLUSTER", "MYID");
    return id === node.id ? undefined : `another node answers there: ${String(id)}`;
  } catch (error) {
    if (error instanceof SlotctlError || error instanceof ServerError) return error.message;
    throw error;
  }
}

/** The credentials that the servers would replicate with, each once; none when no server may be asked for them. */
async function secretsOf(
  asked: readonly (Asked | LostCandidate)[],
  connections: Connections,
): Promise<readonly ReplicationSecret[]> {
  const secrets = new Map<string, ReplicationSecret>();
  for (const candidate of asked) {
    if ("failure" in candidate) continue;
    const secret = await replicationSecretOf(await connections.to(candidate.node.dial));
    if (secret !== undefined) secrets.set(JSON.stringify(secret), secret);
  }
  return [...secrets.values()];
}

/** Does what a replica does first, as each of the others would: log in and name its capabilities. */
async function probeReplication(
  node: ClusterNode,
  secrets: readonly ReplicationSecret[],
  connections: Connections,
): Promise<string | undefined> {
  for (const secret of secrets) {
    const refusal = await replicationRefusal(secret, node, connections);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}
