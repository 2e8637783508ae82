import { formatAddress } from "../model/address.ts";
import type { Cluster, ClusterNode, NodeId } from "../model/cluster.ts";
import { nodeById } from "../model/cluster.ts";
import { countSlots, formatRanges, type SlotRanges } from "../model/slot.ts";

/** "1 node", "6 nodes" */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${groupDigits(number)} ${number === 1 ? noun : plural}`;
}

/** 1234567 as "1,234,567": the same everywhere, whatever the locale. */
export function groupDigits(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/** Bytes as people read them: "812 B", "1.4 kB", "3.2 MB", in powers of 1000. */
export function bytesText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return unit === 0 ? `${bytes} B` : `${value.toFixed(value < 99.95 ? 1 : 0)} ${units[unit]}`;
}

export function secondsText(seconds: number): string {
  return seconds < 60 ? `${seconds.toFixed(1)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** Address first, then eight digits of the id: enough to tell nodes apart and to find them in a log. */
export function nodeName({ address, id }: Pick<ClusterNode, "address" | "id">): string {
  return address.host === "" ? `node ${id.slice(0, 8)}` : `${formatAddress(address)} (${id.slice(0, 8)})`;
}

export function nameById(cluster: Cluster, id: NodeId | undefined): string {
  if (id === undefined) return "nobody";
  const node = nodeById(cluster, id);
  return node === undefined ? `unknown node ${id.slice(0, 8)}` : nodeName(node);
}

/** "A, B and C"; beyond a few the rest is counted. */
export function listText(items: readonly string[], most = 4): string {
  if (items.length > most) return `${items.slice(0, most - 1).join(", ")} and ${items.length - most + 1} more`;
  return items.length < 2 ? (items[0] ?? "") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}

/** "slot 7000", "slots 0-5460,7000"; a long list ends with how many there are in all. */
export function slotsText(slots: SlotRanges, most = 8): string {
  const total = countSlots(slots);
  const noun = total === 1 ? "slot" : "slots";
  if (slots.length <= most) return `${noun} ${formatRanges(slots)}`;
  return `${noun} ${formatRanges(slots.slice(0, most))},… (${groupDigits(total)} in all)`;
}
