import { randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ExitCode, SlotctlError } from "../errors.ts";
import type { Plan } from "../plan/plan.ts";
import { readPlan } from "../plan/read-plan.ts";

/** Far beyond the plan for a thousand nodes, and far below what would hurt. */
const MAX_PLAN_BYTES = 64 * 1024 * 1024;

/**
 * Saves a plan as JSON, whole or not at all, for its owner's eyes only.
 * @throws SlotctlError when the file cannot be written
 */
export async function savePlan(plan: Plan, path: string): Promise<void> {
  try {
    await writeWhole(path, formatPlan(plan));
  } catch (cause) {
    throw new SlotctlError(`Cannot write the plan to ${path}: ${reasonOf(cause)}`, {
      code: "PLAN_NOT_SAVED",
      exitCode: ExitCode.Failed,
      hint: "Nothing was changed. Check the path given with --plan-out",
      cause,
    });
  }
}

/**
 * The text of a plan file: the fields of a Plan and nothing that happens to be attached to it, so no secret either.
 * @throws Error when it could not be read again
 */
export function formatPlan(plan: Plan): string {
  const reading = readPlan(JSON.stringify(plan));
  if (reading.kind === "invalid") throw new Error(`it could not be read again: ${reading.why}`);
  return `${JSON.stringify(reading.plan, undefined, 2)}\n`;
}

/**
 * Whoever is killed half way leaves the old file, or none, but never half of one. Mode 0600. `durably`: the machine may
 * go down as well.
 */
export async function writeWhole(path: string, text: string, durably = true): Promise<void> {
  const target = await replaceableFile(path);
  // A pipe, or /dev/stdout: a file in its place would not be what was asked for.
  if (target === undefined) return writeFile(path, text);
  const fresh = join(dirname(target), `.slotctl-${randomBytes(6).toString("hex")}.new`);
  try {
    await writeFresh(fresh, text, durably);
    await rename(fresh, target);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
}

/** Where the file is, or is to be, with links followed; undefined when something is there that is no regular file. */
async function replaceableFile(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return path;
  return found.isFile() ? realpath(path) : undefined;
}

async function writeFresh(path: string, text: string, durably: boolean): Promise<void> {
  await using file = await open(path, "wx", 0o600);
  await file.writeFile(text);
  if (durably) await file.sync();
}

/**
 * The plan in a file; "-" stands for standard input.
 * @throws SlotctlError when it cannot be read or is no plan
 */
export async function loadPlan(path: string, stdin: AsyncIterable<Uint8Array> = process.stdin): Promise<Plan> {
  const name = path === "-" ? "standard input" : path;
  const text = await textOf(path === "-" ? stdin : createReadStream(path), name);
  const reading = readPlan(text);
  if (reading.kind === "invalid") throw noPlan(name, reading.why);
  return reading.plan;
}

async function textOf(source: AsyncIterable<Uint8Array>, name: string): Promise<string> {
  const bytes = await bytesOf(source, name);
  if (bytes === undefined) throw noPlan(name, `it is larger than ${MAX_PLAN_BYTES / 1024 / 1024} MiB`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw noPlan(name, "it is not UTF-8 text");
  }
}

/** Undefined when there are too many; it stops reading then, since the source may have no end. */
async function bytesOf(source: AsyncIterable<Uint8Array>, name: string): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of source) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > MAX_PLAN_BYTES) return undefined;
    }
  } catch (cause) {
    throw new SlotctlError(`Cannot read the plan from ${name}: ${reasonOf(cause)}`, {
      code: "PLAN_UNREADABLE",
      exitCode: ExitCode.Usage,
      hint: 'Nothing was changed. Name a file that --plan-out wrote, or "-" for standard input',
      cause,
    });
  }
  return Buffer.concat(chunks);
}

function noPlan(name: string, why: string): SlotctlError {
  return new SlotctlError(`There is no usable plan in ${name}: ${why}`, {
    code: "PLAN_INVALID",
    exitCode: ExitCode.Usage,
    hint: "Nothing was changed. Have the plan written again with --plan-out",
  });
}

/** "EACCES: permission denied", without the call and the path that Node appends. */
export function reasonOf(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  return /^E[A-Z0-9]+: [^,]*/.exec(message)?.[0] ?? message;
}
