import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stateUnreadable } from "./failures.ts";
import type { Engine } from "./find-server.ts";
import { HIGHEST_PORT } from "./ports.ts";
import type { ProcessIdentity } from "./process-identity.ts";

export const STATE_FILE = "sandbox.json";
const SCHEMA_VERSION = 1;

/** What is needed to find the servers of a sandbox again, and to stop them and nobody else. */
export interface SandboxState {
  readonly engine: Engine;
  readonly host: string;
  /** When it was started, in ISO 8601. */
  readonly created: string;
  /** Whether the directory was made for it, so that it may go with it. */
  readonly ownsDirectory: boolean;
  readonly nodes: readonly NodeState[];
}

export interface NodeState extends ProcessIdentity {
  readonly port: number;
}

/** Written whole or not at all, and at once: what was started a moment ago must not be forgotten when we are killed. */
export function writeState(directory: string, state: SandboxState): void {
  const file = join(directory, STATE_FILE);
  writeFileSync(`${file}.new`, formatState(state));
  renameSync(`${file}.new`, file);
}

/** Like writeState, but says false, and writes nothing, when there is a state already. */
export function claimDirectory(directory: string, state: SandboxState): boolean {
  try {
    writeFileSync(join(directory, STATE_FILE), formatState(state), { flag: "wx" });
    return true;
  } catch (error) {
    if (isCode(error, "EEXIST")) return false;
    throw error;
  }
}

/**
 * The state of the sandbox in a directory; undefined when there is none.
 * @throws SlotctlError when the file is not one of ours
 */
export function readState(directory: string): SandboxState | undefined {
  const file = join(directory, STATE_FILE);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (isCode(error, "ENOENT") || isCode(error, "ENOTDIR")) return undefined;
    throw stateUnreadable(file, "it cannot be read", error);
  }
  return parseState(text, file);
}

export function formatState(state: SandboxState): string {
  const nodes = state.nodes.map(({ port, pid, startedAt = null }) => ({ port, pid, startedAt }));
  return `${JSON.stringify({ schemaVersion: SCHEMA_VERSION, ...state, nodes }, null, 2)}\n`;
}

/**
 * Reads what formatState wrote. Signals and removals follow from it, so nothing is taken on trust.
 * @throws SlotctlError for anything else; `file` is where it came from
 */
export function parseState(text: string, file: string): SandboxState {
  const { schemaVersion, engine, host, created, ownsDirectory, nodes } = fieldsOf(parseJson(text, file));
  if (schemaVersion !== SCHEMA_VERSION) throw stateUnreadable(file, "another version of slotctl wrote it");
  const { name, version } = fieldsOf(engine);
  const isWhole =
    (name === "redis" || name === "valkey") &&
    typeof version === "string" &&
    typeof host === "string" &&
    typeof created === "string" &&
    typeof ownsDirectory === "boolean" &&
    Array.isArray(nodes);
  if (!isWhole) throw stateUnreadable(file, "it is damaged");
  return { engine: { name, version }, host, created, ownsDirectory, nodes: nodes.map((node) => parseNode(node, file)) };
}

function parseNode(node: unknown, file: string): NodeState {
  const { port, pid, startedAt } = fieldsOf(node);
  // To signal process 0, 1 or -5 would mean something else altogether.
  const isWhole = isWithin(port, 1, HIGHEST_PORT) && isWithin(pid, 2, 2 ** 31) && isTicks(startedAt);
  if (!isWhole) throw stateUnreadable(file, "it is damaged");
  return { port, pid, startedAt: startedAt ?? undefined };
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw stateUnreadable(file, "it is damaged", error);
  }
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function isWithin(value: unknown, low: number, high: number): value is number {
  return Number.isInteger(value) && Number(value) >= low && Number(value) <= high;
}

function isTicks(value: unknown): value is number | null {
  return value === null || isWithin(value, 0, Number.MAX_SAFE_INTEGER);
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
