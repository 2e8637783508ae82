import type { NodeId } from "../../model/cluster.ts";
import { formatRanges, intersectRanges, parseRanges, type SlotRanges } from "../../model/slot.ts";
import type { Command, Node, Reply } from "../../node/node.ts";

/** An atomic slot migration as one of its two ends tells of it. */
export interface Job {
  /** The same at both ends. */
  readonly id: string;
  /** Which end tells. */
  readonly end: "source" | "target";
  readonly slots: SlotRanges;
  readonly source: string | undefined;
  readonly target: string | undefined;
  /** The server's own word. */
  readonly state: string;
  /** Undefined while it goes on; a job that the server will try again by itself goes on. */
  readonly result: "success" | "failed" | "cancelled" | undefined;
  /** Why it failed, in the server's own words; empty when there is nothing to say. */
  readonly message: string;
  /** How often the server has begun again by itself. */
  readonly retries: number;
  /** Bytes that are still to go over, where the server tells. */
  readonly bytesLeft: number | undefined;
  /** In this state the servers themselves give up when nothing arrives for too long, so that we need not. */
  readonly guarded: boolean;
}

/** The commands of one dialect. */
export interface AtomicCommands {
  /** The end that is told to start and to cancel, and whose word on the outcome counts. */
  readonly driver: "source" | "target";
  /** A node takes part in one migration at a time, whatever its slots. */
  readonly oneAtATime: boolean;
  /** Lists jobs, newest first: all that the node remembers, or a certain one. */
  readonly list: (id?: string) => Command;
  /** With an id others may be left out. */
  readonly parse: (reply: Reply, id?: string) => readonly Job[];
  /**
   * Tells the driving end to start, and returns the id of the job.
   * @throws ServerError when it refuses, SlotctlError when it is not known whether it started
   */
  readonly start: (driver: Node, slots: SlotRanges, target: NodeId) => Promise<string>;
  readonly cancel: (id: string) => Command;
}

/** The maps of a reply in RESP2: name, value, name, value … With an id only those that have it among their values. */
export function mapsOf(reply: Reply, id?: string): readonly ReadonlyMap<string, string>[] {
  const all = (Array.isArray(reply) ? (reply as readonly Reply[]) : []).filter(Array.isArray);
  const asked = id === undefined ? all : all.filter((fields) => fields.includes(id));
  return asked.map((fields) => {
    const map = new Map<string, string>();
    for (let i = 0; i + 1 < fields.length; i += 2) map.set(String(fields[i]), String(fields[i + 1]));
    return map;
  });
}

/** "0-9 20-29", as it was typed: not sorted, not merged. */
export function slotsOfJob(text: string | undefined): SlotRanges {
  return parseRanges((text ?? "").trim().split(/\s+/).join(",")) ?? [];
}

export function hasSlots({ slots }: Job, others: SlotRanges): boolean {
  return formatRanges(slots) === formatRanges(others);
}

export function overlaps({ slots }: Job, others: SlotRanges): boolean {
  return intersectRanges(slots, others).length > 0;
}
