import type { ClusterNode } from "../../model/cluster.ts";
import type { NodeAnswer } from "../../model/node-answer.ts";
import { type ClusterStyle, redisCliAddress, redisCliLine } from "./style.ts";

/** What redis-cli says of one node whose timeout it sets; since 7.0 without the misspelt "node-timeot". */
export function timeoutLine({ node, answer }: NodeAnswer, seed: ClusterNode | undefined, style: ClusterStyle): string {
  const label = node.id === seed?.id ? style.seedLabel : redisCliAddress(node);
  if (answer.kind === "reply") return redisCliLine("warning", `*** New timeout set for ${label}`, style);
  return redisCliLine("error", `ERR setting node-timeout for ${label}: ${answer.message}`, style);
}
