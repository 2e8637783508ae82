import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { FileDigest } from "../model/manifest.ts";
import { ALL_SLOTS, type SlotRanges, subtractRanges, unionRanges } from "../model/slot.ts";
import { type Digested, digestOf } from "./digest-file.ts";
import { codeOf } from "./failures.ts";
import type { BackupFile, FoundBackup } from "./read-backup.ts";

/** Why a file is not what it has to be. */
export type FileProblem =
  | { readonly kind: "missing" }
  | { readonly kind: "unreadable"; readonly why: string }
  | { readonly kind: "size"; readonly bytes: number; readonly expected: number }
  | { readonly kind: "digest" }
  | { readonly kind: "rdb"; readonly why: string };

export interface VerifiedFile {
  readonly file: string;
  readonly slots: SlotRanges;
  readonly address: string;
  readonly bytes: number;
  readonly keys: number | undefined;
  /** Undefined where it could not be read from the file. */
  readonly rdbVersion: number | undefined;
  /** False when the server wrote no CRC-64 into it. */
  readonly checksummed: boolean;
  readonly problem: FileProblem | undefined;
}

export interface VerifiedBackup {
  readonly found: FoundBackup;
  readonly files: readonly VerifiedFile[];
  /** Of the file with the users, if the backup has one. */
  readonly aclProblem: FileProblem | undefined;
  /** Slots that no file has. */
  readonly missing: SlotRanges;
  /** Everything is as the backup says, and it is of all slots, or was never meant to be. */
  readonly ok: boolean;
}

export type OnBytes = (file: string, bytes: number, total: number) => void;

/** Reads every file of a backup from beginning to end, and compares it with what it has to be. */
export async function verifyBackup(
  found: FoundBackup,
  { onBytes, signal }: { readonly onBytes: OnBytes; readonly signal: AbortSignal },
): Promise<VerifiedBackup> {
  const files: VerifiedFile[] = [];
  for (const file of found.files) files.push(await verifyFile(found.directory, file, onBytes, signal));
  const acl = found.manifest?.acl;
  const aclProblem =
    acl === undefined ? undefined : (await examine(found.directory, acl.file, acl, onBytes, signal)).problem;
  const missing = subtractRanges(ALL_SLOTS, unionRanges(...found.files.map(({ slots }) => slots)));
  const isComplete = missing.length === 0 || found.manifest?.partial === true;
  const ok =
    isComplete &&
    files.length > 0 &&
    [aclProblem, ...files.map(({ problem }) => problem)].every((one) => one === undefined);
  return { found, files, aclProblem, missing, ok };
}

async function verifyFile(
  directory: string,
  { file, digest, slots, address, keys }: BackupFile,
  onBytes: OnBytes,
  signal: AbortSignal,
): Promise<VerifiedFile> {
  const { bytes, problem, digested } = await examine(directory, file, digest, onBytes, signal);
  const rdb = digested?.rdb;
  const isBroken = problem === undefined && rdb?.kind === "broken";
  return {
    file,
    slots,
    address,
    bytes,
    keys,
    rdbVersion: rdb?.kind === "whole" ? rdb.version : undefined,
    checksummed: rdb?.kind === "whole" && rdb.checksummed,
    problem: isBroken ? { kind: "rdb", why: rdb.why } : problem,
  };
}

interface Examined {
  readonly bytes: number;
  readonly digested?: Digested;
  readonly problem?: FileProblem | undefined;
}

async function examine(
  directory: string,
  file: string,
  expected: FileDigest | undefined,
  onBytes: OnBytes,
  signal: AbortSignal,
): Promise<Examined> {
  const path = join(directory, file);
  try {
    const stats = await stat(path);
    if (!stats.isFile()) return { bytes: 0, problem: { kind: "unreadable", why: "it is no file" } };
    const bytes = stats.size;
    if (expected !== undefined && bytes !== expected.bytes) {
      return { bytes, problem: { kind: "size", bytes, expected: expected.bytes } };
    }
    const digested = await digestOf(path, (done) => onBytes(file, done, bytes), signal);
    const isOther = expected !== undefined && digested.sha256 !== expected.sha256;
    return { bytes, digested, problem: isOther ? { kind: "digest" } : undefined };
  } catch (error) {
    signal.throwIfAborted();
    if (codeOf(error) === "") throw error;
    if (codeOf(error) === "ENOENT") return { bytes: 0, problem: { kind: "missing" } };
    return {
      bytes: 0,
      problem: { kind: "unreadable", why: codeOf(error) === "EACCES" ? "permission denied" : String(error) },
    };
  }
}
