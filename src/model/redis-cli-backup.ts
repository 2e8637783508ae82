import { isPlainName } from "./manifest.ts";
import { SLOT_COUNT, type SlotRange, type SlotRanges, unionRanges } from "./slot.ts";

/** The file that redis-cli writes beside the RDB files. */
export const NODES_FILE = "nodes.json";

/** What redis-cli calls the file of a node; valkey-cli says valkey where it says redis. */
export function rdbFileName(tool: "redis" | "valkey", host: string, port: number, id: string): string {
  // A host is what a server says of itself, and a file name is no place for a slash.
  return `${tool}-node-${host.replaceAll("/", "_")}-${port}-${id}.rdb`;
}

/** Whether a file is one that a backup of redis-cli, valkey-cli or slotctl may have left. */
export function isRdbFileName(name: string): boolean {
  return /^(?:redis|valkey)-node-.+\.rdb$/.test(name);
}

/** A primary in nodes.json, with the names that its file may have. */
export interface ListedPrimary {
  readonly id: string;
  readonly address: string;
  readonly slots: SlotRanges;
  readonly files: readonly string[];
}

/** The primaries that nodes.json lists; undefined when it is not what redis-cli writes. */
export function parseNodesFile(text: string): readonly ListedPrimary[] | undefined {
  const nodes = jsonOf(text);
  if (!Array.isArray(nodes)) return undefined;
  const primaries = nodes.filter((node) => typeof node === "object" && node?.replicate === null).map(primaryIn);
  return primaries.every((primary) => primary !== undefined) ? primaries : undefined;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function primaryIn(node: Readonly<Record<string, unknown>>): ListedPrimary | undefined {
  const { name: id, host, port, slots } = node;
  if (typeof id !== "string" || typeof host !== "string" || typeof port !== "number" || !Array.isArray(slots))
    return undefined;
  const ranges = slots.map(rangeIn);
  const files = (["redis", "valkey"] as const).map((tool) => rdbFileName(tool, host, port, id));
  if (!files.every(isPlainName)) return undefined;
  if (!ranges.every((range) => range !== undefined)) return undefined;
  return { id, address: `${host}:${port}`, slots: unionRanges(ranges), files };
}

/** `[start, end]`, or `[slot]`. */
function rangeIn(value: unknown): SlotRange | undefined {
  if (!Array.isArray(value) || value.length < 1 || value.length > 2) return undefined;
  const [start, end = start] = value as readonly unknown[];
  const isSlot = (slot: unknown): slot is number =>
    typeof slot === "number" && Number.isInteger(slot) && slot >= 0 && slot < SLOT_COUNT;
  return isSlot(start) && isSlot(end) && start <= end ? { start, end } : undefined;
}
