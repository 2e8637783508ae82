import type { FileProblem, VerifiedBackup, VerifiedFile } from "../archive/verify-backup.ts";
import type { Cluster } from "../model/cluster.ts";
import { type Manifest, missingSlots } from "../model/manifest.ts";
import { formatRanges } from "../model/slot.ts";
import type { BackupProblem } from "../plan/backup.ts";
import type { BackupResult } from "./view.ts";
import { bytesText, count, groupDigits, nodeName, secondsText, slotsText } from "./words.ts";

/** Why a backup is not of the whole cluster. */
export function backupProblemText(problem: BackupProblem, _cluster: Cluster): string {
  switch (problem.kind) {
    case "unreadable-shard": {
      const why = problem.primary.unreachable?.message ?? `${nodeName(problem.primary)} does not answer`;
      return `${slotsText(problem.primary.slots)} cannot be read: ${why}`;
    }
    case "nobody-owns":
      return `nobody owns ${slotsText(problem.slots)}`;
    case "owned-twice":
      return `${slotsText(problem.slots)} have more than one owner`;
    case "open":
      return `${slotsText(problem.slots)} are open: keys that move meanwhile may be in no file`;
  }
}

export function backupLines({ directory, manifest, seconds, verified, ok }: BackupResult): readonly string[] {
  const { shards, partial, functions, acl } = manifest;
  const bytes = shards.reduce((sum, shard) => sum + shard.bytes, 0);
  const rate = seconds > 0 ? `, ${bytesText(Math.round(bytes / seconds))}/s` : "";
  const missing = missingSlots(manifest);
  return [
    ...shards.map(
      ({ file, bytes, slots, source }) =>
        `  ${slots}  ${bytesText(bytes)}  from ${source.role} ${source.address}  ${file}`,
    ),
    ...(functions.length === 0 ? [] : [`  with ${count(functions.length, "function library", "function libraries")}`]),
    ...(acl === undefined ? [] : [`  with the users and their password hashes in ${acl.file}`]),
    ...(partial ? [`partial: ${missing.length === 0 ? "slots were moving" : `without ${slotsText(missing)}`}`] : []),
    ...(verified
      ? [ok ? "verified: every file was read back and is whole" : "damaged: slotctl backup verify tells what"]
      : []),
    `done: ${count(keysIn(manifest), "key")} of ${count(shards.length, "shard")} (${bytesText(bytes)}) in ${secondsText(seconds)}${rate}, in ${directory}`,
  ];
}

function keysIn({ shards }: Manifest): number {
  return shards.reduce((sum, { keys }) => sum + Object.values(keys).reduce((all, one) => all + one, 0), 0);
}

/** As JSON, the manifest and what was done with it. */
export function backupDocument({ directory, manifest, seconds, verified, ok }: BackupResult): object {
  const { schemaVersion: _, slotctl: __, ...kept } = manifest;
  return { ok, command: "backup", changed: false, directory, ...kept, verified, seconds };
}

export function verifyLines({ found, files, aclProblem, missing, ok }: VerifiedBackup): readonly string[] {
  const { manifest, directory } = found;
  const made =
    manifest === undefined
      ? "made by redis-cli or valkey-cli: without a manifest only the files themselves can be checked"
      : `of ${manifest.created}, by slotctl ${manifest.slotctl}${manifest.partial ? ", partial" : ""}`;
  const acl = manifest?.acl;
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return [
    `Backup in ${directory}, ${made}`,
    ...files.map((file) => fileLine(file)),
    ...(acl === undefined
      ? []
      : [
          `  ${aclProblem === undefined ? "ok     " : "damaged"}  ${acl.file}${aclProblem === undefined ? "" : `: ${fileProblemText(aclProblem)}`}`,
        ]),
    ...(missing.length === 0 ? [] : [`  missing  ${slotsText(missing)}`]),
    ok ? `ok       ${count(files.length, "file")}, ${bytesText(bytes)}` : "damaged  it cannot be restored as it is",
  ];
}

function fileLine({ file, slots, bytes, keys, rdbVersion, checksummed, problem }: VerifiedFile): string {
  if (problem !== undefined) return `  damaged  ${file}: ${fileProblemText(problem)}`;
  const facts = [
    formatRanges(slots),
    bytesText(bytes),
    ...(keys === undefined ? [] : [count(keys, "key")]),
    `RDB version ${rdbVersion}${checksummed ? "" : ", without a checksum of its own"}`,
  ];
  return `  ok       ${file}: ${facts.join(", ")}`;
}

/** Why a file is not what it has to be, as the end of a sentence. */
export function fileProblemText(problem: FileProblem): string {
  switch (problem.kind) {
    case "missing":
      return "it is not there";
    case "unreadable":
      return `it cannot be read: ${problem.why}`;
    case "size":
      return `it has ${groupDigits(problem.bytes)} bytes and not ${groupDigits(problem.expected)}`;
    case "digest":
      return "its SHA-256 is not that of the manifest: it was altered";
    case "rdb":
      return problem.why;
  }
}

/** What is wrong with a backup, one line each. */
export function damageLines({ files, missing, aclProblem, found }: VerifiedBackup): readonly string[] {
  return [
    ...files.flatMap(({ file, problem }) => (problem === undefined ? [] : [`${file}: ${fileProblemText(problem)}`])),
    ...(aclProblem === undefined ? [] : [`${found.manifest?.acl?.file}: ${fileProblemText(aclProblem)}`]),
    ...(files.length === 0 ? ["it has no file of any shard"] : []),
    ...(missing.length === 0 || found.manifest?.partial === true ? [] : [`no file has ${slotsText(missing)}`]),
  ];
}

export function verifyDocument({ found, files, aclProblem, missing, ok }: VerifiedBackup): object {
  const { directory, manifest } = found;
  return {
    ok,
    command: "backup verify",
    directory,
    manifest: manifest ?? null,
    files: files.map(({ problem, slots, ...file }) => ({
      ...file,
      slots: formatRanges(slots),
      ok: problem === undefined,
      ...(problem === undefined ? {} : { problem: { ...problem, text: fileProblemText(problem) } }),
    })),
    ...(aclProblem === undefined ? {} : { aclProblem: { ...aclProblem, text: fileProblemText(aclProblem) } }),
    missing: formatRanges(missing),
  };
}
