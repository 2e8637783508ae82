import { type RedisCliStyle, redisCliLine, WORDS } from "./style.ts";

/** The lines of `add-node`, in their order. `cluster` and `node` are addresses as typed, the others as announced. */
export const ADD_NODE = {
  begin: (node: string, cluster: string) => `>>> Adding node ${node} to cluster ${cluster}`,
  selected: (primary: string, { wording }: RedisCliStyle) =>
    `Automatically selected ${WORDS[wording].primary} ${primary}`,
  noSuchPrimary: (id: string, { wording }: RedisCliStyle) => `[ERR] No such ${WORDS[wording].primary} ID ${id}`,
  getFunctions: ">>> Getting functions from cluster",
  noFunctions: ({ wording }: RedisCliStyle) =>
    `>>> Failed retrieving Functions from the cluster, skip this step as ${wording === "redis" ? "Redis" : "Valkey"} version do not support function command`,
  listFunctions: (node: string) => `>>> Send FUNCTION LIST to ${node} to verify there is no functions in it`,
  hasFunctions:
    ">>> New node already contains functions and can not be added to the cluster. Use FUNCTION FLUSH and try again.\r",
  restoreFunctions: (node: string) => `>>> Send FUNCTION RESTORE to ${node}`,
  meet: (node: string) => `>>> Send CLUSTER MEET to node ${node} to make it join the cluster.`,
  replicate: (primary: string) => `>>> Configure node as replica of ${primary}.`,
  unreachable: (node: string) => `[ERR] Sorry, can't connect to node ${node}`,
  done: "[OK] New node added correctly.",
} as const;

/** The lines of `del-node`, in their order. */
export const DEL_NODE = {
  begin: (id: string, cluster: string) => `>>> Removing node ${id} from cluster ${cluster}`,
  noSuchNode: (id: string) => `[ERR] No such node ID ${id}`,
  notEmpty: (node: string) => `[ERR] Node ${node} is not empty! Reshard data away and try again.`,
  forget: ">>> Sending CLUSTER FORGET messages to the cluster...",
  replicate: (node: string, primary: string) => `>>> ${node} as replica of ${primary}`,
  /** Only valkey-cli, since 9.1. */
  done: (id: string) => `[OK] Node ${id} removed from the cluster.`,
  reset: ">>> Sending CLUSTER RESET SOFT to the deleted node.",
  /** As valkey-cli says it since it removes dead nodes too. */
  noReset: (node: string) => `>>> WARNING: Could not connect to node ${node}, unable to send CLUSTER RESET.`,
} as const;

export function infoLine(text: string, style: Pick<RedisCliStyle, "colour">): string {
  return redisCliLine("info", text, style);
}

export function errorLine(text: string, style: RedisCliStyle): string {
  return redisCliLine("error", text, style);
}
