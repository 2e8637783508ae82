import type { ChalkInstance } from "chalk";
import type { Counts, Trouble } from "../execute/transfer/tally.ts";
import { formatAddress } from "../model/address.ts";
import type { NodeFacts } from "../model/facts.ts";
import { quotedText } from "../model/quoted-text.ts";
import { type ImportPlan, type ImportProblem, type ImportTarget, keysToImport } from "../plan/import.ts";
import type { ImportResult } from "./view.ts";
import { bytesText, count, groupDigits, listText, secondsText } from "./words.ts";

/** What an import will do, before anybody agreed to it. */
export function importPlanText(plan: ImportPlan, chalk: ChalkInstance): string {
  const { source, databases, primaries, move, match } = plan;
  const verb = move ? "move" : "copy";
  const from = `${sourceKind[source.kind]}${formatAddress(source.address)} (${source.engine} ${source.version})`;
  return [
    chalk.bold(`Plan: ${verb} ${keysText(plan)} from ${from} to ${count(primaries, "primary", "primaries")}`),
    ...databases.map(
      ({ from, to, keys }) =>
        `  database ${from} -> database ${to}: ${match === undefined ? "" : "of "}${count(keys, "key")}`,
    ),
    `A key that is there already: ${existingText[plan.existing]}`,
    move
      ? "A key is deleted at the source once the cluster has acknowledged it, unless it was written to meanwhile"
      : "The source is left as it is",
    ...leftLines(plan, chalk),
  ].join("\n");
}

const sourceKind: Record<ImportPlan["source"]["kind"], string> = {
  standalone: "",
  replica: "the replica ",
  cluster: "the cluster of ",
};

export const existingText: Record<ImportPlan["existing"], string> = {
  keep: "equal is fine, another value is kept and reported",
  skip: "passed over, whatever its value",
  replace: "overwritten",
};

/** With a pattern nobody knows beforehand how many there are. */
function keysText(plan: ImportPlan): string {
  const { match } = plan;
  return match === undefined
    ? `about ${count(keysToImport(plan), "key")}`
    : `the keys that match ${JSON.stringify(match)}`;
}

function leftLines({ left }: ImportPlan, chalk: ChalkInstance): readonly string[] {
  if (left.length === 0) return [];
  const keys = left.reduce((sum, { keys }) => sum + keys, 0);
  const names = listText(left.map(({ database }) => `${database}`));
  const which = left.length === 1 ? `database ${names} holds` : `databases ${names} hold`;
  return [`${chalk.yellow("warning:")} ${which} ${count(keys, "key")} that will not be copied; see --db`];
}

export function importLines({ outcome, plan, report, seconds, sourceMoved }: ImportResult): readonly string[] {
  if (outcome === "dry-run")
    return [`done: dry run, nothing was changed; ${keysText(plan)} would be ${plan.move ? "moved" : "copied"}`];
  if (report === undefined) return [nothingText(plan)];
  const { counts, troubles } = report;
  if (counts.found === 0 && plan.match !== undefined && !sourceMoved)
    return [`done: no key matches ${JSON.stringify(plan.match)}; nothing was changed`];
  const complete = troubles.length === 0 && !sourceMoved;
  const rate = seconds > 0 ? `, ${groupDigits(Math.round(counts.found / seconds))} keys/s` : "";
  return [
    `${complete ? "done" : "incomplete"}: ${countsText(counts)} in ${secondsText(seconds)}${rate}`,
    ...(counts.verified === 0
      ? []
      : [`verified: ${count(counts.verified, "key")} compared with the source, ${differentText(counts)}`]),
    ...(sourceMoved
      ? ["slots of the source cluster moved while it was read: keys may have been missed; run the same command again"]
      : []),
    ...troubleLines(counts, troubles),
  ];
}

function nothingText({ left }: ImportPlan): string {
  if (left.length === 0) return "done: the source holds no keys; nothing was changed";
  const where = left.map(({ database, keys }) => `${count(keys, "key")} in database ${database}`);
  return `done: the database that was asked for holds no keys; nothing was changed (there are ${listText(where)}; see --db)`;
}

export function countsText(counts: Counts): string {
  const parts: readonly (readonly [number, string])[] = [
    [counts.equal, "there already and equal"],
    [counts.skipped, "passed over"],
    [counts.gone, "gone at the source before they were read"],
    [counts.deleted, "deleted at the source"],
    [counts.conflicts, "in conflict"],
    [counts.refused, "refused"],
    [counts.changed, "written to meanwhile and left at the source"],
  ];
  const more = parts.flatMap(([number, what]) => (number === 0 ? [] : [`${groupDigits(number)} ${what}`]));
  return [`${count(counts.copied, "key")} copied (${bytesText(counts.bytes)} read)`, ...more].join(", ");
}

function differentText({ different }: Counts): string {
  return different === 0 ? "all equal" : `${groupDigits(different)} not equal`;
}

export function troubleLines(counts: Counts, troubles: readonly Trouble[]): readonly string[] {
  const all = counts.conflicts + counts.refused + counts.changed + counts.different;
  const lines = troubles.map(
    ({ kind, database, key, why }) =>
      `  ${troubleText[kind]} ${quotedText(key)}${database === 0 ? "" : ` (database ${database})`}${why === undefined ? "" : `: ${why}`}`,
  );
  const rest = all > troubles.length ? [`  … and ${groupDigits(all - troubles.length)} more`] : [];
  const hint =
    counts.conflicts > 0
      ? [
          "hint: both values of a conflict were left as they are; --replace lets the source's win, --skip-existing the cluster's",
        ]
      : [];
  const changed =
    counts.changed > 0
      ? ["hint: stop what writes to the source; then the same command with --replace brings the newer values"]
      : [];
  return [...lines, ...rest, ...hint, ...changed];
}

const troubleText: Record<Trouble["kind"], string> = {
  conflict: "conflict ",
  refused: "refused  ",
  changed: "changed  ",
  different: "different",
};

/** Why an import cannot be done, as the end of a sentence. */
export function importProblemText(problem: ImportProblem, source: Pick<NodeFacts, "engine" | "version">): string {
  switch (problem.kind) {
    case "same-cluster":
      return "it is part of the cluster that the keys would go to";
    case "move-from-replica":
      return "it is a replica, and nothing can be deleted there";
    case "several-databases":
      return `databases ${listText(problem.databases.map(String))} hold keys, and the cluster has database 0 only`;
    case "format":
      return `${listText(problem.targets.map(targetName))} cannot read what ${source.engine} ${source.version} dumps (RDB version ${problem.rdbVersion})`;
    case "refused":
      return `${formatAddress(problem.target.address)} takes no keys: ${problem.target.refusal}`;
  }
}

function targetName({ address, engine, version }: ImportTarget): string {
  return `${formatAddress(address)} (${engine} ${version})`;
}

export function importProblemHint({ kind }: ImportProblem): string {
  switch (kind) {
    case "same-cluster":
      return "Give a server that is not part of it with --from";
    case "move-from-replica":
      return "Move from its primary, or leave --move away";
    case "several-databases":
      return "Import them one by one with --db, if no key has the same name in two; or use a Valkey 9 cluster with cluster-databases";
    case "format":
      return "Upgrade the cluster to the version of the source, or a newer one of the same engine";
    case "refused":
      return "Give the user the right, or the server what it lacks";
  }
}

/** The same for scripts. Keys are bytes: the text is exact where they are UTF-8, the base64 always. */
export function importDocument({ outcome, plan, report, seconds, sourceMoved }: ImportResult): object {
  return {
    ok: (report?.troubles.length ?? 0) === 0 && !sourceMoved,
    command: "import",
    changed: outcome === "done",
    dryRun: outcome === "dry-run",
    plan: importPlanDocument(plan),
    ...(report === undefined ? {} : { counts: report.counts, troubles: report.troubles.map(troubleDocument) }),
    ...(sourceMoved ? { sourceMoved } : {}),
    seconds,
  };
}

export function importPlanDocument(plan: ImportPlan): object {
  const { source } = plan;
  return {
    ...plan,
    source: { ...source, address: formatAddress(source.address), servers: source.servers.map(formatAddress) },
    keys: keysToImport(plan),
  };
}

export function troubleDocument({ kind, database, key, why }: Trouble): object {
  return {
    kind,
    database,
    key: key.toString("utf8"),
    keyBase64: key.toString("base64"),
    ...(why === undefined ? {} : { why }),
  };
}
