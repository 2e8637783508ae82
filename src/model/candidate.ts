import type { ClusterNode } from "./cluster.ts";

/** A server that the operator named for a cluster, with what was found out about it. */
export interface Candidate {
  /** The address as typed: how it is named in everything said about it. */
  readonly typed: string;
  readonly node: ClusterNode;
  /** Why the address that it announces to its peers cannot be reached; undefined when it can, or announces none. */
  readonly announcedFailure: string | undefined;
  /** What it says to the credentials with which the others would replicate from it; undefined when it lets them in. */
  readonly replicationRefusal: string | undefined;
}

/** A server that could not be asked. */
export interface LostCandidate {
  readonly typed: string;
  readonly failure: string;
  /** The code of that failure, and the words of the server if it was the one to refuse. */
  readonly code?: string | undefined;
  readonly refusal?: string | undefined;
  readonly hint: string | undefined;
}

export function isReached(candidate: Candidate | LostCandidate): candidate is Candidate {
  return "node" in candidate;
}
