import { COLOURS, type RedisCliStyle, redisCliLine } from "./style.ts";

/** Written without a newline; the answer is not echoed, so that what follows stands on the same line. */
export const CREATE_QUESTION = "Can I set the above configuration? (type 'yes' to accept): ";

/** What valkey-cli asks first when there would be fewer than three primaries. */
export const FEW_PRIMARIES_QUESTION =
  "Valkey cluster requires at least 3 primary nodes for automatic failover. Are you sure? (type 'yes' to accept): ";

/** The line before FEW_PRIMARIES_QUESTION; valkey-cli prints it with --cluster-yes as well. */
export function fewPrimariesText(primaries: number, replicas: number, style: RedisCliStyle): string {
  const text = `Requested to create a cluster with ${primaries} primaries and ${replicas} replicas per primary.`;
  return redisCliLine("info", text, style);
}

/** redis-cli refuses fewer than three primaries. */
export function tooFewNodesText(nodes: number, replicas: number, { colour }: RedisCliStyle): string {
  const [on, off] = colour ? [`\u001b[${COLOURS.error}m`, "\u001b[0m"] : ["", ""];
  return [
    `${on}*** ERROR: Invalid configuration for cluster creation.\n`,
    "*** Redis Cluster requires at least 3 master nodes.\n",
    // Two messages of which the first has no newline: the colour ends and begins in front of it.
    `*** This is not possible with ${nodes} nodes and ${replicas} replicas per node.${off}${on}\n`,
    `*** At least ${3 * (replicas + 1)} nodes are required.\n${off}`,
  ].join("");
}

/** The steps of `create` as it carries them out. */
export const CREATE_STEPS = {
  configured: ">>> Nodes configuration updated",
  epochs: ">>> Assign a different config epoch to each node",
  meet: ">>> Sending CLUSTER MEET messages to join the cluster",
} as const;

export function createStepText(step: keyof typeof CREATE_STEPS, style: RedisCliStyle): string {
  return redisCliLine("info", CREATE_STEPS[step], style);
}

/** While the nodes get to know each other: the line, a dot for each second of waiting, and a newline in the end. */
export const JOIN_WAIT = { begin: "Waiting for the cluster to join\n", dot: ".", end: "\n" } as const;
