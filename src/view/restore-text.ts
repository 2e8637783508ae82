import type { ChalkInstance } from "chalk";
import type { FunctionOutcome, RestoreReport } from "../execute/transfer/restore-functions.ts";
import { keysToRestore, type RestorePlan, type RestoreProblem } from "../plan/restore.ts";
import { countsText, existingText, troubleDocument, troubleLines } from "./import-text.ts";
import type { RestoreResult } from "./view.ts";
import { bytesText, count, groupDigits, listText, secondsText } from "./words.ts";

/** What a restore will do, before anybody agreed to it. */
export function restorePlanText(plan: RestorePlan, chalk: ChalkInstance): string {
  const { files, directory, created, server, primaries, functions, present, missing } = plan;
  const keys = keysToRestore(plan);
  const what = keys === undefined ? "all keys" : `about ${count(keys, "key")}`;
  return [
    chalk.bold(
      `Plan: restore ${what} of ${count(files.length, "shard")} to ${count(primaries, "primary", "primaries")}`,
    ),
    `From ${directory}${created === undefined ? "" : `, made at ${created}`}`,
    ...files.map(
      ({ file, bytes, slots, keys }) =>
        `  ${slots}  ${bytesText(bytes)}${keys === undefined ? "" : `, ${count(keys, "key")}`}  ${file}`,
    ),
    ...(functions.length === 0 ? [] : [`Function libraries, to every primary: ${listText(functions)}`]),
    `A key that is there already: ${existingText[plan.existing]}`,
    `Each file is loaded by a server of its own on this machine, one at a time: ${server.path} (${server.engine} ${server.version})`,
    ...(present === 0 ? [] : [`${chalk.yellow("warning:")} the cluster holds ${count(present, "key")} already`]),
    ...(missing === ""
      ? []
      : [`${chalk.yellow("warning:")} the backup is partial: it has nothing of slots ${missing}`]),
  ].join("\n");
}

export function restoreLines({ outcome, plan, report, seconds }: RestoreResult): readonly string[] {
  if (outcome === "dry-run" || report === undefined) return ["done: dry run, nothing was changed"];
  const { counts, troubles, functions } = report;
  const failed = functions.filter(({ kind }) => kind === "conflict" || kind === "refused");
  const isWhole = troubles.length === 0 && failed.length === 0;
  const loaded = new Set(functions.filter(({ kind }) => kind === "loaded").map(({ library }) => library)).size;
  return [
    `${isWhole ? "done" : "incomplete"}: ${countsText(counts)} in ${secondsText(seconds)}, to ${count(plan.primaries, "primary", "primaries")}`,
    ...(loaded === 0 ? [] : [`functions: ${count(loaded, "library", "libraries")} loaded`]),
    ...(counts.verified === 0
      ? []
      : [
          `verified: ${count(counts.verified, "key")} compared with the backup, ${counts.different === 0 ? "all equal" : `${groupDigits(counts.different)} not equal`}`,
        ]),
    ...troubleLines(counts, troubles),
    ...failed.map(functionLine),
  ];
}

function functionLine({ library, node, kind, why }: FunctionOutcome): string {
  const what = kind === "conflict" ? "another library of that name is there and was left alone" : `refused: ${why}`;
  return `  function library ${library} at ${node}: ${what}`;
}

/** What a restore that did not come to its end had done. */
export function restoreCountsText({ counts }: Pick<RestoreReport, "counts">): string {
  return `of the files before: ${countsText(counts)}`;
}

/** Why a backup cannot be restored, as the end of a sentence. */
export function restoreProblemText(problem: RestoreProblem, { server }: RestorePlan): string {
  switch (problem.kind) {
    case "not-empty":
      return `the cluster holds ${count(problem.keys, "key")} already`;
    case "server-too-old":
      return `${server.engine} ${server.version} reads files up to RDB version ${problem.reads}, and ${problem.file} has ${problem.rdbVersion}`;
    case "other-engine":
      return `the backup was made of ${problem.made}, and ${server.path} is ${server.engine} ${server.version}`;
    case "target-too-old":
      return `${listText(problem.nodes)} cannot read what ${server.engine} ${server.version} dumps (RDB version ${problem.rdbVersion})`;
    case "target-refuses":
      return `${problem.node} takes no keys: ${problem.why}`;
    case "databases":
      return `${problem.node} has no database ${listText(problem.databases.map(String))}, of which the backup holds keys`;
  }
}

export function restoreProblemHint({ kind }: RestoreProblem): string {
  switch (kind) {
    case "not-empty":
      return "--resume goes on with a restore that was cut short; --replace overwrites keys, --skip-existing passes over them";
    case "server-too-old":
    case "other-engine":
      return "Name a server of the version that the backup was made of with --server";
    case "target-too-old":
      return "Name an older server that still reads the backup with --server, or upgrade the cluster";
    case "target-refuses":
      return "Give the user the right, or the server what it lacks";
    case "databases":
      return "Restore into a cluster with as many databases (cluster-databases)";
  }
}

export function restoreDocument({ outcome, plan, report, seconds }: RestoreResult): object {
  const bad = report?.functions.some(({ kind }) => kind === "conflict" || kind === "refused") === true;
  return {
    ok: !bad && (report?.troubles.length ?? 0) === 0,
    command: "restore",
    changed: outcome === "done",
    dryRun: outcome === "dry-run",
    plan: restorePlanDocument(plan),
    ...(report === undefined
      ? {}
      : { counts: report.counts, troubles: report.troubles.map(troubleDocument), functions: report.functions }),
    seconds,
  };
}

export function restorePlanDocument(plan: RestorePlan): object {
  return { ...plan, keys: keysToRestore(plan) ?? null };
}
