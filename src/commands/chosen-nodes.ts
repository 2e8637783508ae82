import { ExitCode, SlotctlError } from "../errors.ts";
import { type Cluster, type ClusterNode, membersOf } from "../model/cluster.ts";
import { nodeNamed } from "./survey-healthy.ts";

/** Which nodes a command is for. */
export interface NodeChoice {
  /** By role; undefined is both. */
  readonly only: "primaries" | "replicas" | undefined;
  /** Nodes as typed; empty means all. */
  readonly nodes: readonly string[];
}

/** @throws SlotctlError, exit code 2, when a text names no node, or more than one, or when nobody is left */
export function chosenNodes(cluster: Cluster, { only, nodes }: NodeChoice): readonly ClusterNode[] {
  const named = nodes.length === 0 ? membersOf(cluster) : nodes.map((text) => nodeNamed(cluster, text));
  const chosen = [...new Set(named)].filter(({ role }) => only === undefined || role === ROLES[only]);
  if (chosen.length > 0) return chosen;
  throw new SlotctlError("No node of this cluster is what was asked for", {
    code: "NO_SUCH_NODES",
    exitCode: ExitCode.Usage,
    hint: "slotctl info lists the nodes with their roles",
  });
}

const ROLES = { primaries: "primary", replicas: "replica" } as const;
