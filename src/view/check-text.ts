import type { ChalkInstance } from "chalk";
import { type Cluster, membersOf, primariesOf, shardsOf } from "../model/cluster.ts";
import { countSlots, SLOT_COUNT, unionRanges } from "../model/slot.ts";
import { type Problem, severityOf, viewsAgree } from "../plan/problems.ts";
import { problemText } from "./problem-text.ts";
import { sizeText, versionsText } from "./size-text.ts";
import { wrap } from "./table.ts";
import { count } from "./words.ts";

export function checkLines(
  cluster: Cluster,
  problems: readonly Problem[],
  chalk: ChalkInstance,
  columns: number,
): readonly string[] {
  const findings = problems.flatMap((problem) => {
    const isError = severityOf(problem) === "error";
    const { what, advice } = problemText(problem, cluster);
    const label = isError ? chalk.red("problem") : chalk.yellow("warning");
    const width = columns - LABEL_WIDTH;
    const [first = "", ...rest] = wrap(what, width);
    const hint = wrap(`hint: ${advice}`, width);
    const indent = " ".repeat(LABEL_WIDTH);
    return [
      `${label}  ${first}`,
      ...rest.map((line) => indent + line),
      ...hint.map((line) => indent + chalk.cyan(line)),
    ];
  });
  return [
    `${sizeText(cluster)}, ${versionsText(cluster)}`,
    ...passedLines(cluster, problems).map((line) => `${chalk.green("ok")}       ${line}`),
    ...findings,
    verdict(problems),
  ];
}

const LABEL_WIDTH = "problem  ".length;

/** What was looked at and found in order, so that silence is not mistaken for not having looked. */
function passedLines(cluster: Cluster, problems: readonly Problem[]): readonly string[] {
  const has = (...kinds: readonly Problem["kind"][]) => problems.some(({ kind }) => kinds.includes(kind));
  const nodes = membersOf(cluster);
  return [
    ...(has("uncovered-slots", "several-owners") ? [] : [`all ${SLOT_COUNT} slots have one owner`]),
    ...(viewsAgree(cluster) ? [`all nodes agree about the slots`] : []),
    ...(has("open-slots") ? [] : ["no slot is open"]),
    ...(has("node-unreachable", "cluster-state", "node-suspected")
      ? []
      : [
          `${count(nodes.length, "node")} ${nodes.length === 1 ? "answers and says" : "answer and say"} cluster_state:ok`,
        ]),
    ...(nodes.some(({ role }) => role === "replica") && !has("replica-link-down", "unknown-primary", "replica-lagging")
      ? ["every replica follows its primary"]
      : []),
    ...(nodes.some(({ strayKeys }) => strayKeys !== undefined) && !has("stray-keys")
      ? ["no key is in a slot its node does not own"]
      : []),
  ];
}

function verdict(problems: readonly Problem[]): string {
  const errors = problems.filter((problem) => severityOf(problem) === "error").length;
  const warnings = problems.length - errors;
  if (problems.length === 0) return "done: the cluster is healthy";
  const parts = [
    ...(errors === 0 ? [] : [count(errors, "problem")]),
    ...(warnings === 0 ? [] : [count(warnings, "warning")]),
  ];
  return errors === 0 ? `done: the cluster works, with ${parts.join(" and ")}` : `done: ${parts.join(" and ")}`;
}

/** One line for monitoring: its first word and the order of its fields do not change. */
export function quickLine(cluster: Cluster, problems: readonly Problem[]): string {
  const nodes = membersOf(cluster);
  const reached = nodes.filter(({ view }) => view !== undefined).length;
  const covered = countSlots(unionRanges(...primariesOf(cluster).map(({ slots }) => slots)));
  const errors = problems.filter((problem) => severityOf(problem) === "error");
  const kinds = [...new Set(errors.map(({ kind }) => kind))];
  return [
    errors.length === 0 ? "ok" : "problem",
    `nodes=${reached}/${nodes.length}`,
    `slots=${covered}/${SLOT_COUNT}`,
    `shards=${shardsOf(cluster).filter(({ primary }) => primary.slots.length > 0).length}`,
    `problems=${errors.length}`,
    `warnings=${problems.length - errors.length}`,
    ...(kinds.length === 0 ? [] : [`kinds=${kinds.join(",")}`]),
  ].join(" ");
}
