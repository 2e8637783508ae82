import { type Address, formatAddress } from "../model/address.ts";
import type { NodeLine, View } from "../model/cluster.ts";
import { parseNodes } from "../model/parse-nodes.ts";
import { formatRanges } from "../model/slot.ts";
import type { Connections } from "../node/connections.ts";

/** A node by which it can be named, and what it is. */
export interface NamedNode {
  readonly id: string;
  readonly address: string;
  readonly about: string;
}

/** The nodes of a cluster as the first of the seeds that answers knows them: one question, for when somebody waits. */
export async function namedNodes(seeds: readonly Address[], connections: Connections): Promise<readonly NamedNode[]> {
  const view = await Promise.any(seeds.map((seed) => viewOf(seed, connections)));
  const lines = view.lines.filter(({ handshake, noAddress }) => !handshake && !noAddress);
  return lines.map((line) => {
    const host = line === view.myself && line.host === "" ? seeds[0]!.host : line.host;
    return { id: line.id, address: formatAddress({ host, port: line.port }), about: aboutNode(line, lines) };
  });
}

async function viewOf(seed: Address, connections: Connections): Promise<View> {
  const node = await connections.to(seed);
  return parseNodes(String(await node.send("CLUSTER", "NODES")));
}

function aboutNode({ role, slots, primaryId }: NodeLine, lines: readonly NodeLine[]): string {
  if (role === "primary")
    return slots.length === 0 ? "primary without slots" : `primary of ${shortened(formatRanges(slots))}`;
  const primary = lines.find(({ id }) => id === primaryId);
  return primary === undefined ? "replica" : `replica of ${formatAddress(primary)}`;
}

function shortened(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 39)}…`;
}
