import type { Candidate } from "../../src/model/candidate.ts";
import { clusterOf, type NodeOverrides, nodeNamed } from "./cluster-builder.ts";

/** Blank servers, each alone in a cluster of its own, named by their host and a number: "h1-0", "h1-1", "h2-0" … */
export function blank(hosts: readonly string[], overrides: Readonly<Record<string, NodeOverrides>> = {}): Candidate[] {
  return hosts.map((host, i) => {
    const typed = `${host}:${7000 + i}`;
    const name = `n${i}`;
    const alone = clusterOf(
      { [name]: [] },
      { nodes: { [name]: { host, port: 7000 + i, configEpoch: 0, ...overrides[name] } } },
    );
    return { typed, node: nodeNamed(alone, name), announcedFailure: undefined, replicationRefusal: undefined };
  });
}
