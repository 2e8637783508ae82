import type { ChalkInstance } from "chalk";
import type { Candidate } from "../model/candidate.ts";
import { countSlots, parseRanges } from "../model/slot.ts";
import type { CreateProblem, DesignedShard } from "../plan/create.ts";
import { balanceLines } from "./balance-text.ts";
import { importPlanText } from "./import-text.ts";
import type { Layout } from "./layout.ts";
import { movesText } from "./moves-text.ts";
import { restorePlanText } from "./restore-text.ts";
import { balanceSentences, shardSentences } from "./sentences.ts";
import { stepTexts } from "./step-text.ts";
import { narrowLines } from "./table.ts";
import type { ShownCreate, ShownPlan, ShownSteps } from "./view.ts";
import { count, groupDigits, listText } from "./words.ts";

const COLUMNS = [
  { title: "SHARD", align: "right" },
  { title: "ROLE" },
  { title: "ADDRESS" },
  { title: "HOST" },
  { title: "ZONE" },
  { title: "SLOTS" },
  { title: "COUNT", align: "right" },
] as const;

/** A plan as a table of what will be, with everything that should be known before saying yes. */
export function planText(shown: ShownPlan, chalk: ChalkInstance, layout: Layout = {}): string {
  switch (shown.kind) {
    case "create":
      return createText(shown, chalk, layout);
    case "moves":
      return movesText(shown, chalk, layout);
    case "steps":
      return stepsText(shown, chalk, layout);
    case "import":
      return importPlanText(shown.plan, chalk);
    case "restore":
      return restorePlanText(shown.plan, chalk);
  }
}

function stepsText({ plan, preview }: ShownSteps, chalk: ChalkInstance, { width, told = false }: Layout): string {
  const balance = preview === undefined ? [] : told ? balanceSentences(preview) : ["", ...balanceLines(preview, width)];
  return [
    chalk.bold(`Plan: ${plan.command}, ${count(plan.steps.length, "step")}`),
    ...stepTexts(plan).map((text, i) => `  ${`${i + 1}`.padStart(2)}. ${text}`),
    ...balance,
    ...plan.reasons,
    ...plan.warnings.map((warning) => `${chalk.yellow("warning:")} ${warning}`),
  ].join("\n");
}

function createText({ plan, design }: ShownCreate, chalk: ChalkInstance, { width, told = false }: Layout): string {
  const rows = design.shards.flatMap(shardRows);
  const totals = `${count(design.shards.length, "primary", "primaries")}, ${count(rows.length - design.shards.length, "replica")}, ${count(plan.steps.length, "step")}`;
  return [
    chalk.bold(`Plan: create a cluster on ${count(design.candidates.length, "node")}`),
    ...(told ? shardSentences(design.shards) : narrowLines(COLUMNS, rows, width)),
    totals,
    ...plan.reasons,
    ...plan.warnings.map((warning) => `${chalk.yellow("warning:")} ${warning}`),
  ].join("\n");
}

function shardRows({ primary, slots, replicas }: DesignedShard, index: number): readonly (readonly string[])[] {
  const total = countSlots(parseRanges(slots) ?? []);
  return [
    [`${index + 1}`, "primary", ...placeOf(primary), slots, groupDigits(total)],
    ...replicas.map((replica) => ["", "replica", ...placeOf(replica), "", ""]),
  ];
}

/** The host stands by itself only where the address as typed does not show it. */
function placeOf({ typed, node }: Candidate): readonly string[] {
  return [typed, typed.includes(node.address.host) ? "" : node.address.host, node.zone ?? ""];
}

/** One line for each reason why a cluster cannot be made. */
export function createProblemText(problem: CreateProblem): string {
  switch (problem.kind) {
    case "unreachable":
      return problem.failure;
    case "same-node":
      return `${listText(problem.typed)} are one and the same node`;
    case "knows-others":
      return `${problem.typed} is not empty: it already knows ${count(problem.others.length, "other node")}: ${listText(problem.others)}`;
    case "has-keys":
      return `${problem.typed} is not empty: it holds ${count(problem.keys, "key")}`;
    case "owns-slots":
      return `${problem.typed} is not empty: it owns slots ${problem.slots}${problem.planned === "" ? "" : `, where the plan gives it ${problem.planned}`}`;
    case "other-role":
      return `${problem.typed} is ${problem.is}, where the plan makes it ${problem.planned}`;
    case "announced-unreachable":
      return `${problem.typed} announces the address ${problem.announced}, which does not work: ${problem.why}`;
    case "replication-refused":
      return `${problem.typed} would refuse its replicas: ${problem.why}`;
    case "mixed-engines":
      return `Redis and Valkey do not mix: ${problem.engines.map(({ engine, typed }) => `${engine} on ${listText(typed)}`).join("; ")}`;
    case "too-few-nodes":
      return `${count(problem.nodes, "node")} are too few for ${count(problem.primaries, "primary", "primaries")} with ${count(problem.replicas, "replica")} each: it takes ${problem.primaries * (problem.replicas + 1)}`;
  }
}

/** What usually helps against the first of the problems. */
export function createProblemHint(problems: readonly CreateProblem[]): string {
  const kinds = new Set(problems.map(({ kind }) => kind));
  if (kinds.has("unreachable"))
    return "Nothing was changed. Servers that are still starting can be waited for with --wait 60s";
  if (kinds.has("has-keys") || kinds.has("owns-slots") || kinds.has("knows-others") || kinds.has("other-role")) {
    return "Nothing was changed. If a server may be emptied: FLUSHALL and CLUSTER RESET HARD on it; --if-not-exists accepts a cluster that is there already";
  }
  if (kinds.has("replication-refused"))
    return "Nothing was changed. Set masterauth (and masteruser) on every node to what the others accept";
  if (kinds.has("announced-unreachable"))
    return "Nothing was changed. Correct cluster-announce-ip and -port, or name the way there with --address-map";
  return "Nothing was changed. Give each server once, all of one engine, and enough of them";
}
