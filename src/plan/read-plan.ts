import type { Address } from "../model/address.ts";
import type { NodeId } from "../model/cluster.ts";
import { isNodeId } from "../model/parse-nodes.ts";
import { formatRanges, parseRanges } from "../model/slot.ts";
import type { ConflictPolicy } from "../model/slot-evidence.ts";
import {
  type NodeRef,
  PLAN_SCHEMA_VERSION,
  type Plan,
  type PlannedSetting,
  type PlannedShard,
  type Step,
} from "./plan.ts";

export type PlanReading =
  | { readonly kind: "plan"; readonly plan: Plan }
  /** `why` is one printable line that names the place: "steps[3].slots is no list of slots". */
  | { readonly kind: "invalid"; readonly why: string };

/**
 * Reads a plan that was saved as JSON. Nothing is taken on trust: what comes back holds the fields of a Plan and no
 * others, slots as formatRanges writes them, and no text with which a terminal could be made to do something.
 */
export function readPlan(text: string): PlanReading {
  const json = parseJson(text);
  if (json === undefined) return { kind: "invalid", why: whyNoJson(text) };
  try {
    return { kind: "plan", plan: planAt(json.value, "") };
  } catch (error) {
    if (error instanceof Misfit) return { kind: "invalid", why: error.message };
    throw error;
  }
}

function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    // V8's message quotes the text, control characters and all.
    return undefined;
  }
}

function whyNoJson(text: string): string {
  const trimmed = text.trim();
  if (trimmed === "") return "it is empty";
  return trimmed.startsWith("{") && !trimmed.endsWith("}") ? "it is not complete: it breaks off" : "it is not JSON";
}

/** What is wrong, and where. Never leaves this file. */
class Misfit extends Error {}

/** Takes a value apart that may be anything; `place` is what to call it. Throws a Misfit when it is something else. */
type Reader<T> = (value: unknown, place: string) => T;

/** One reader for each field of T, in the order in which they are written: a new field of T fails to compile here. */
type Fields<T> = { readonly [Name in keyof T]-?: Reader<T[Name]> };

const epochAt: Reader<number> = (value, place) =>
  isWhole(value, 0, Number.MAX_SAFE_INTEGER) ? value : misfit(value, place, "is no whole number from 0 up");

const portAt: Reader<number> = (value, place) =>
  isWhole(value, 1, 65_535) ? value : misfit(value, place, "is no port");

const booleanAt: Reader<boolean> = (value, place) =>
  typeof value === "boolean" ? value : misfit(value, place, "is neither true nor false");

const idAt: Reader<NodeId> = (value, place) =>
  typeof value === "string" && isNodeId(value) ? value : misfit(value, place, "is no node id of 40 hex digits");

// Blanks, control and invisible characters.
const hostAt: Reader<string> = (value, place) =>
  typeof value === "string" && /^[^\p{C}\p{Z}]+$/u.test(value) ? value : misfit(value, place, "is no host");

/** Words for a person. Some come from servers, so what a terminal would obey becomes "?" and refuses nothing. */
const wordsAt: Reader<string> = (value, place) =>
  typeof value === "string" ? printable(value) : misfit(value, place, "is no text");

/** One word, as CONFIG GET writes it. */
const settingValueAt: Reader<string> = (value, place) =>
  typeof value === "string" && /^[\w.-]{1,100}$/.test(value) ? value : misfit(value, place, "is no value of a setting");

const signatureAt: Reader<string> = (value, place) =>
  typeof value === "string" ? value.split("\n").map(printable).join("\n") : misfit(value, place, "is no text");

const slotsAt: Reader<string> = (value, place) => {
  const ranges = typeof value === "string" ? parseRanges(value) : undefined;
  return ranges === undefined ? misfit(value, place, "is no list of slots") : formatRanges(ranges);
};

const someSlotsAt: Reader<string> = (value, place) =>
  slotsAt(value, place) || misfit(value, place, "names not a single slot");

const trueAt: Reader<true> = (value, place) => (value === true ? true : misfit(value, place, "is not true"));

const addressAt = fieldsAt<Address>({ host: hostAt, port: portAt, busPort: optional(portAt) });

const nodeAt = fieldsAt<NodeRef>({ id: idAt, address: addressAt, formerly: optional(listAt(idAt)) });

/** A member that nobody can reach has no address, and only FORGET is said of it: host "" and port 0. */
const memberAt = fieldsAt<NodeRef>({
  id: idAt,
  address: fieldsAt<Address>({
    host: (value, place) => (value === "" ? value : hostAt(value, place)),
    port: (value, place) => (value === 0 ? value : portAt(value, place)),
    busPort: optional(portAt),
  }),
  formerly: optional(listAt(idAt)),
});

const policyAt = oneOf<ConflictPolicy>({ leave: true, owner: true, newest: true, "keep-both": true, ask: true });

/** A new kind of step fails to compile until it can be read. */
const STEPS: { readonly [Kind in Step["kind"]]: Reader<Extract<Step, { kind: Kind }>> } = {
  "set-config-epoch": fieldsAt({ kind: only("set-config-epoch"), node: nodeAt, epoch: epochAt }),
  "add-slots": fieldsAt({ kind: only("add-slots"), node: nodeAt, slots: someSlotsAt }),
  meet: fieldsAt({ kind: only("meet"), nodes: listAt(nodeAt), slotsLater: optional(trueAt) }),
  replicate: fieldsAt({ kind: only("replicate"), node: nodeAt, primary: nodeAt, inSync: optional(trueAt) }),
  "move-slots": fieldsAt({
    kind: only("move-slots"),
    from: nodeAt,
    to: nodeAt,
    slots: someSlotsAt,
    method: oneOf({ keys: true, atomic: true }),
    onConflict: optional(policyAt),
  }),
  "set-config": fieldsAt({
    kind: only("set-config"),
    node: nodeAt,
    setting: oneOf<PlannedSetting>({ "cluster-allow-replica-migration": true }),
    value: settingValueAt,
  }),
  failover: fieldsAt({
    kind: only("failover"),
    node: nodeAt,
    primary: nodeAt,
    mode: oneOf({ safe: true, force: true, takeover: true }),
  }),
  "load-functions": fieldsAt({ kind: only("load-functions"), node: nodeAt, from: nodeAt }),
  forget: fieldsAt({ kind: only("forget"), node: memberAt, from: listAt(nodeAt) }),
  reset: fieldsAt({ kind: only("reset"), node: nodeAt, hard: booleanAt }),
  shutdown: fieldsAt({ kind: only("shutdown"), node: nodeAt }),
  "del-slots": fieldsAt({ kind: only("del-slots"), node: nodeAt, owner: nodeAt, slots: someSlotsAt }),
  "assign-slots": fieldsAt({ kind: only("assign-slots"), node: nodeAt, slots: someSlotsAt }),
  "close-slots": fieldsAt({ kind: only("close-slots"), node: nodeAt, slots: someSlotsAt }),
  "bring-keys": fieldsAt({
    kind: only("bring-keys"),
    from: nodeAt,
    to: nodeAt,
    slots: someSlotsAt,
    onConflict: policyAt,
  }),
  "bump-epoch": fieldsAt({ kind: only("bump-epoch"), node: nodeAt }),
};

const stepKindAt = oneOf(STEPS);

const stepAt: Reader<Step> = (value, place) => {
  const kind = stepKindAt(fieldOf(value, "kind", place), placeOf("kind", place));
  return STEPS[kind](value, place);
};

const shardAt = fieldsAt<PlannedShard>({ primary: memberAt, slots: slotsAt, replicas: listAt(memberAt) });

const planAt = fieldsAt<Plan>({
  // First, so that of a newer plan nothing else is said.
  schemaVersion: versionAt,
  command: oneOf<Plan["command"]>({
    create: true,
    reshard: true,
    rebalance: true,
    failover: true,
    "rebalance-replicas": true,
    "add-node": true,
    "del-node": true,
    forget: true,
    "replace-node": true,
    fix: true,
  }),
  madeFor: signatureAt,
  steps: listAt(stepAt),
  reasons: listAt(wordsAt),
  warnings: listAt(wordsAt),
  expected: listAt(shardAt),
});

function versionAt(value: unknown, place: string): typeof PLAN_SCHEMA_VERSION {
  if (value === PLAN_SCHEMA_VERSION) return PLAN_SCHEMA_VERSION;
  if (isWhole(value, PLAN_SCHEMA_VERSION, Number.MAX_SAFE_INTEGER)) {
    throw new Misfit(`a newer slotctl wrote it: ${place} is ${value}, and this one reads ${PLAN_SCHEMA_VERSION}`);
  }
  return misfit(value, place, `is not ${PLAN_SCHEMA_VERSION}`);
}

function fieldsAt<T extends object>(fields: Fields<T>): Reader<T> {
  const readers = Object.entries<Reader<unknown>>(fields);
  return (value, place) => {
    const read = readers.map(([name, reader]) => [name, reader(fieldOf(value, name, place), placeOf(name, place))]);
    return Object.fromEntries(read.filter(([, field]) => field !== undefined)) as T;
  };
}

/** Own fields only: "constructor" and whatever a `__proto__` brings are none of the file's. */
function fieldOf(value: unknown, name: string, place: string): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return misfit(value, place, "is no object");
  return Object.hasOwn(value, name) ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

function listAt<T>(reader: Reader<T>): Reader<readonly T[]> {
  return (value, place) =>
    Array.isArray(value) ? value.map((item, i) => reader(item, `${place}[${i}]`)) : misfit(value, place, "is no list");
}

function optional<T>(reader: Reader<T>): Reader<T | undefined> {
  return (value, place) => (value === undefined ? undefined : reader(value, place));
}

function only<Word extends string>(word: Word): Reader<Word> {
  return (value, place) => (value === word ? word : misfit(value, place, `is not "${word}"`));
}

/** The names of the fields of `known`; as a record, so that the compiler misses a word that is left out. */
function oneOf<Word extends string>(known: Readonly<Record<Word, unknown>>): Reader<Word> {
  return (value, place) => {
    if (typeof value !== "string") return misfit(value, place, "is no text");
    if (Object.hasOwn(known, value)) return value as Word;
    return misfit(value, place, `is ${quoted(value)}, which this slotctl does not know`);
  };
}

function isWhole(value: unknown, low: number, high: number): value is number {
  return Number.isInteger(value) && Number(value) >= low && Number(value) <= high;
}

function placeOf(name: string, place: string): string {
  return place === "" ? name : `${place}.${name}`;
}

function misfit(value: unknown, place: string, is: string): never {
  // JSON knows no undefined.
  throw new Misfit(`${place === "" ? "it" : place} ${value === undefined ? "is missing" : is}`);
}

function quoted(text: string): string {
  const shown = [...text.slice(0, 80)].slice(0, 40).join("");
  return `"${printable(shown)}${shown.length < text.length ? "…" : ""}"`;
}

/** Control characters, and those that make a terminal break or turn the line. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, "?");
}
