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
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** An estimate, with no more digits than it is worth: "a second", "7 s", "25 s", "3 min", "2 h". */
export function roughTimeText(seconds: number): string {
  const upTo = (number: number, step: number) => Math.ceil(number / step) * step;
  if (seconds <= 1) return "a second";
  if (seconds <= 10) return `${upTo(seconds, 1)} s`;
  if (seconds <= 55) return `${upTo(seconds, 5)} s`;
  const minutes = seconds / 60;
  if (minutes <= 10) return `${upTo(minutes, 1)} min`;
  if (minutes <= 55) return `${upTo(minutes, 5)} min`;
  return minutes <= 600 ? `${upTo(minutes / 60, 1)} h` : `${upTo(minutes / 60, 10)} h`;
}

/** A stretch of time as a clock shows it: "0:07", "12:30", "1:02:03"; beyond four days in days: "5 d". */
export function clockText(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole >= 100 * 3600) return `${Math.round(whole / 86_400)} d`;
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const twoDigits = (number: number) => String(number).padStart(2, "0");
  const end = `:${twoDigits(whole % 60)}`;
  return hours === 0 ? `${minutes}${end}` : `${hours}:${twoDigits(minutes)}${end}`;
}

/** Four characters at the most, for where there is no room: "812", "1.2k", "35k", "3.4M". */
export function shortCount(number: number): string {
  const units = ["", "k", "M", "G", "T"];
  let value = number;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 9.95 ? Math.round(value) : value.toFixed(1)}${units[unit]}`;
}

/** Address first, then eight digits of the id: enough to tell nodes apart and to find them in a log. */
export function nodeName({ address, id }: Pick<ClusterNode, "address" | "id">): string {
  return address.host === "" ? `node ${id.slice(0, 8)}` : `${formatAddress(address)} (${id.slice(0, 8)})`;
}

/** The address alone, where the column says what it is. */
export function shortName(cluster: Cluster, id: NodeId): string {
  const node = nodeById(cluster, id);
  return node === undefined ? id.slice(0, 8) : formatAddress(node.address);
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
