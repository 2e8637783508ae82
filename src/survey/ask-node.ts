import { createHash } from "node:crypto";
import { SlotctlError } from "../errors.ts";
import { type Address, formatAddress } from "../model/address.ts";
import type { View } from "../model/cluster.ts";
import type { NodeFacts } from "../model/facts.ts";
import { factsOf, parseInfo } from "../model/parse-info.ts";
import { MalformedNodes } from "../model/parse-nodes.ts";
import { malformedReply, notAClusterNode, serverRefused } from "../node/failures.ts";
import { fieldsOf } from "../node/fields.ts";
import type { Command, Node, Outcome, Reply } from "../node/node.ts";
import { ServerError } from "../node/node.ts";

/** Topology is what planners need; health adds the settings and functions that `check` compares. */
export type Depth = "topology" | "health";

/** What one node says of the cluster and of itself. */
export interface Testimony {
  readonly dial: Address;
  /** The address that the connection ended at, an IP; undefined for a unix socket. */
  readonly remoteHost: string | undefined;
  readonly view: View;
  readonly facts: NodeFacts;
}

/** Settings that have to be equal on all nodes, or that a finding mentions. */
export const COMPARED_SETTINGS = [
  "cluster-node-timeout",
  "cluster-require-full-coverage",
  "cluster-allow-replica-migration",
  "maxmemory",
  "maxmemory-policy",
] as const;

/** Of these only whether they are set is kept. Valkey answers to the old name of masterauth as well. */
const SECRET_SETTINGS = ["requirepass", "masterauth"] as const;

const TOPOLOGY: readonly Command[] = [["INFO"], ["CLUSTER", "NODES"], ["CLUSTER", "INFO"]];

/** CONFIG GET takes several names since Redis 7.0 only, so each is asked for by itself. */
const HEALTH: readonly Command[] = [
  ["FUNCTION", "LIST", "WITHCODE"],
  ...SECRET_SETTINGS.map((name): Command => ["CONFIG", "GET", name]),
  ...COMPARED_SETTINGS.map((name): Command => ["CONFIG", "GET", name]),
];

/**
 * Asks one node for everything in one write.
 * @throws SlotctlError, exit code 4, when it cannot be reached, refuses, or is no cluster node
 */
export async function askNode(node: Node, depth: Depth, parse: (reply: string) => View): Promise<Testimony> {
  const commands = depth === "health" ? [...TOPOLOGY, ...HEALTH] : TOPOLOGY;
  const [infoReply, nodesReply, clusterInfoReply, functionsReply, ...configReplies] = await node.sendAll(commands);

  const info = parseInfo(textOf(node, infoReply));
  const facts = factsOf(info, parseInfo(clusterInfoReply instanceof ServerError ? "" : textOf(node, clusterInfoReply)));
  // Something that answers INFO without naming a mode is no server of ours to judge; CLUSTER NODES will tell.
  if (facts.mode !== "cluster" && info.has("redis_version")) throw notAClusterNode(node.address, facts.mode);
  return {
    dial: node.address,
    remoteHost: node.remoteHost,
    view: viewOf(node, textOf(node, nodesReply), parse),
    facts: {
      ...facts,
      functions: functionsOf(functionsReply),
      secretsSet: secretsOf(configReplies.slice(0, SECRET_SETTINGS.length)),
      settings: settingsOf(configReplies.slice(SECRET_SETTINGS.length)),
    },
  };
}

function textOf(node: Node, outcome: Outcome | undefined): string {
  if (outcome instanceof ServerError) throw serverRefused(node.address, outcome);
  if (typeof outcome !== "string") throw malformedReply(node.address, "an answer is no text");
  return outcome;
}

function viewOf(node: Node, reply: string, parse: (reply: string) => View): View {
  try {
    return parse(reply);
  } catch (error) {
    if (error instanceof MalformedNodes) throw malformedReply(node.address, error.message);
    throw error;
  }
}

/** FUNCTION LIST WITHCODE: one flat name-value list a library. Servers before 7.0 refuse the command. */
function functionsOf(outcome: Outcome | undefined): ReadonlyMap<string, string> | undefined {
  if (!Array.isArray(outcome)) return undefined;
  return new Map(
    outcome.map((library): [string, string] => {
      const fields = fieldsOf(library);
      return [String(fields.get("library_name")), digest(String(fields.get("library_code") ?? ""))];
    }),
  );
}

function secretsOf(outcomes: readonly Outcome[]): ReadonlySet<string> | undefined {
  if (outcomes.length === 0 || outcomes.some((outcome) => outcome instanceof ServerError)) return undefined;
  const isSet = ([, value]: readonly [string, Reply]) => value !== "";
  return new Set(outcomes.flatMap((outcome) => [...fieldsOf(outcome)].filter(isSet).map(([name]) => name)));
}

function settingsOf(outcomes: readonly Outcome[]): ReadonlyMap<string, string> {
  const pairs = outcomes.flatMap((outcome) => [...fieldsOf(outcome)]);
  return new Map(pairs.map(([name, value]) => [name, String(value)]));
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

/** What a failed attempt to ask a node is remembered as. Anything but a foreseen failure is a bug and goes on up. */
export function unreachableFrom(error: unknown, address: Address): { code: string; message: string } {
  if (error instanceof SlotctlError) return { code: error.code, message: error.message };
  if (error instanceof ServerError)
    return { code: "UNEXPECTED_REPLY", message: `${formatAddress(address)}: ${error.message}` };
  throw error;
}
