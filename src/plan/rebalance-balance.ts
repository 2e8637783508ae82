import type { NodeId } from "../model/cluster.ts";
import type { SlotBoard } from "./reshard-board.ts";

/** How one primary stands against its share. */
export interface NodeBalance {
  readonly id: NodeId;
  readonly slots: number;
  /** What its slots weigh together; the number of them when the balance is by slots. */
  readonly load: number;
  /** The load that it should have. */
  readonly share: number;
  /** How far the load is above (or, negative, below) the share, in percent of the share; 100 when that is 0. */
  readonly deviationPercent: number;
  /** Further from its share than the threshold allows. */
  readonly exceeds: boolean;
}

/** The primaries that take part, in the order of their first slots before anything moves. */
export type Balance = readonly NodeBalance[];

/** Loads of slots, shares of nodes, and when node i, with these slots and this load, is too far from its share. */
export interface Measure {
  readonly shares: readonly number[];
  readonly loads: Float64Array;
  readonly exceeds: (i: number, node: Pick<NodeBalance, "slots" | "load" | "share">) => boolean;
}

export function balanceOf(board: SlotBoard, { shares, loads, exceeds }: Measure): Balance {
  const slots = board.nodes.map(() => 0);
  const nodeLoads = board.nodes.map(() => 0);
  for (const [slot, owner] of board.owners.entries()) {
    if (owner < 0) continue;
    slots[owner]! += 1;
    nodeLoads[owner]! += loads[slot]!;
  }
  return board.nodes.map(({ id }, i) => {
    const node = { id, slots: slots[i]!, load: nodeLoads[i]!, share: shares[i]! };
    return { ...node, deviationPercent: deviationPercent(node), exceeds: exceeds(i, node) };
  });
}

function deviationPercent({ load, share }: Pick<NodeBalance, "load" | "share">): number {
  if (share === 0) return load > 0 ? 100 : 0;
  return (100 * (load - share)) / share;
}
