import type { Cluster } from "../../src/model/cluster.ts";
import { type ClusterOptions, clusterOf } from "./cluster-builder.ts";

export const REDIS = { wording: "redis", colour: false, seedLabel: "localhost:7001" } as const;

export const VALKEY = { ...REDIS, wording: "valkey" } as const;

export const COLOURED = { ...REDIS, colour: true } as const;

export const THIRDS = { a: [0, 5460], b: [5461, 10922], c: [10923, 16383] };

export const REPLICAS = { a1: "a", b1: "b", c1: "c" };

export function threeShards(nodes: ClusterOptions["nodes"] = {}): Cluster {
  return clusterOf(THIRDS, { replicas: REPLICAS, nodes });
}
