import { Chalk, type ChalkInstance } from "chalk";
import type { SlotctlError } from "../errors.ts";
import { formatAddress } from "../model/address.ts";
import {
  type Cluster,
  type ClusterNode,
  membersOf,
  primariesOf,
  type Shard,
  shardsOf,
  slotCountOf,
} from "../model/cluster.ts";
import { keyCountOf, type NodeFacts } from "../model/facts.ts";
import { countSlots, formatRanges, SLOT_COUNT, unionRanges } from "../model/slot.ts";
import { type Problem, severityOf, viewsAgree } from "../plan/problems.ts";
import { planText } from "./plan-text.ts";
import { problemText } from "./problem-text.ts";
import { type Progress, silentProgress } from "./progress.ts";
import { slotMapLines } from "./slot-map.ts";
import { tableLines, wrap } from "./table.ts";
import type { Result, View } from "./view.ts";
import { bytesText, count, groupDigits, secondsText } from "./words.ts";

export interface HumanOptions {
  /** Writes to stdout: results only. */
  readonly out: (text: string) => void;
  /** Writes to stderr: everything else. */
  readonly talk: (text: string) => void;
  /** Whether colour is wanted there. */
  readonly colour: { readonly out: boolean; readonly talk: boolean };
  readonly columns: number;
  readonly quiet: boolean;
  readonly progress?: Progress;
}

/** For people: sentences and tables, understandable without colour. */
export function humanView({ out, talk, colour, columns, quiet, progress = silentProgress }: HumanOptions): View {
  const chalk = new Chalk({ level: colour.talk ? 1 : 0 });
  const outChalk = new Chalk({ level: colour.out ? 1 : 0 });
  const say = (text: string) => {
    progress.pause();
    if (!quiet) talk(`${text}\n`);
  };
  return {
    plan: (shown) => say(planText(shown, chalk)),
    event: (event) => progress.event(event),
    note: say,
    warning: (text) => say(`${chalk.yellow("warning:")} ${text}`),
    result: (result) => {
      progress.pause();
      out(resultText(result, outChalk, columns));
    },
    error: (error) => {
      progress.pause();
      talk(errorText(error, chalk));
    },
    end: () => progress.pause(),
  };
}

/** "error: what happened", the findings if there are several, "hint: what to do". */
export function errorText({ message, details, hint }: SlotctlError, chalk: ChalkInstance): string {
  const lines = [
    `${chalk.red("error:")} ${message}`,
    ...details.map((detail) => `  ${detail}`),
    ...(hint === undefined ? [] : [`${chalk.cyan("hint:")} ${hint}`]),
  ];
  return `${lines.join("\n")}\n`;
}

function resultText(result: Result, chalk: ChalkInstance, columns: number): string {
  switch (result.kind) {
    case "check":
      return linesText(checkLines(result.cluster, result.problems, chalk, columns));
    case "quick-check":
      return `${quickLine(result.cluster, result.problems)}\n`;
    case "info":
      return linesText([
        ...infoLines(result.cluster),
        ...(result.map ? ["", ...slotMapLines(result.cluster, chalk)] : []),
      ]);
    case "create":
      return linesText(createLines(result));
    case "create-exists":
      return linesText([`done: the cluster is there already, ${sizeText(result.cluster)}; nothing was changed`]);
    case "wait":
      return linesText([`ok       ${result.condition}, after ${secondsText(result.seconds)}`]);
    case "sandbox":
      return linesText(sandboxLines(result));
  }
}

function linesText(lines: readonly string[]): string {
  return `${lines.join("\n")}\n`;
}

function sizeText(cluster: Cluster): string {
  const shards = shardsOf(cluster).filter(({ primary }) => primary.slots.length > 0);
  return `${count(shards.length, "shard")} on ${count(membersOf(cluster).length, "node")}`;
}

function checkLines(
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
    `${sizeText(cluster)}, ${versionsOf(cluster)}`,
    ...passedLines(cluster, problems).map((line) => `${chalk.green("ok")}       ${line}`),
    ...findings,
    verdict(problems),
  ];
}

const LABEL_WIDTH = "problem  ".length;

function versionsOf(cluster: Cluster): string {
  const versions = new Set(
    membersOf(cluster).flatMap(({ facts }) => (facts === undefined ? [] : [`${facts.engine} ${facts.version}`])),
  );
  return [...versions].sort().join(", ");
}

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

const INFO_COLUMNS = [
  { title: "" },
  { title: "ADDRESS" },
  { title: "ID" },
  { title: "KEYS", align: "right" },
  { title: "MEMORY", align: "right" },
  { title: "LAG", align: "right" },
  { title: "ZONE" },
  { title: "VERSION" },
] as const;

function infoLines(cluster: Cluster): readonly string[] {
  const shards = shardsOf(cluster);
  const homeless = membersOf(cluster).filter(
    (node) => node.role === "replica" && !shards.some(({ replicas }) => replicas.includes(node)),
  );
  const rows = [...shards.flatMap(shardRows), ...homeless.map((node) => nodeRow(node, undefined))];
  const [titles = "", ...body] = tableLines(INFO_COLUMNS, rows);
  const lines: string[] = [];
  let next = 0;
  for (const [i, shard] of shards.entries()) {
    lines.push(...(i === 0 ? [] : [""]), shardTitle(shard, i + 1), `  ${titles}`);
    for (let row = 0; row <= shard.replicas.length; row++) lines.push(`  ${body[next++]}`);
  }
  if (homeless.length > 0) lines.push("", "replicas without a primary", ...body.slice(next).map((line) => `  ${line}`));
  return [...lines, "", ...totalsLines(cluster)];
}

function shardTitle({ primary }: Shard, number: number): string {
  const slots = slotCountOf(primary);
  if (slots === 0) return `shard ${number}: no slots`;
  const share = ((slots / SLOT_COUNT) * 100).toFixed(1);
  return `shard ${number}: ${count(slots, "slot")} (${share} %), ${formatRanges(primary.slots)}`;
}

function shardRows({ primary, replicas }: Shard): readonly (readonly string[])[] {
  return [nodeRow(primary, undefined), ...replicas.map((replica) => nodeRow(replica, primary))];
}

function nodeRow(node: ClusterNode, primary: ClusterNode | undefined): readonly string[] {
  const { facts } = node;
  const state = node.health === "ok" ? "" : ` (${node.health})`;
  return [
    `${node.role}${state}`,
    formatAddress(node.address),
    node.id.slice(0, 8),
    ...(facts === undefined
      ? ["-", "-", "unreachable"]
      : [groupDigits(keyCountOf(facts)), bytesText(facts.usedMemoryBytes), lagText(facts, primary)]),
    node.zone ?? "",
    facts?.version ?? "",
  ];
}

function lagText({ replication }: NodeFacts, primary: ClusterNode | undefined): string {
  if (replication.role === "primary") return "";
  if (!replication.linkUp) return replication.syncing ? "copying" : "link down";
  const offset = primary?.facts?.replication.offset;
  return offset === undefined ? "?" : bytesText(Math.max(0, offset - replication.offset));
}

function totalsLines(cluster: Cluster): readonly string[] {
  const nodes = membersOf(cluster);
  const primaries = primariesOf(cluster);
  const covered = unionRanges(...primaries.map(({ slots }) => slots));
  const keys = sum(primaries.map(({ facts }) => (facts === undefined ? 0 : keyCountOf(facts))));
  const memory = sum(nodes.map(({ facts }) => facts?.usedMemoryBytes ?? 0));
  const lost = nodes.filter(({ view }) => view === undefined).length;
  const uncounted = lost === 0 ? [] : [`${count(lost, "node")} unreachable and not counted`];
  return [
    `total: ${sizeText(cluster)}, ${groupDigits(countSlots(covered))} slots, ${count(keys, "key")}, ${bytesText(memory)}`,
    ...uncounted,
  ];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function createLines({ outcome, shown, seconds }: Extract<Result, { kind: "create" }>): readonly string[] {
  const { shards, candidates } = shown.design;
  const size = `${count(shards.length, "shard")} on ${count(candidates.length, "node")}`;
  switch (outcome) {
    case "dry-run":
      return [`done: dry run, nothing was changed; the cluster would have ${size}`];
    case "already":
      return [`done: these servers form this cluster already, ${size}; nothing was changed`];
    case "created":
      return [`done: created a cluster of ${size} in ${secondsText(seconds)}; every node says ok`];
  }
}

function sandboxLines(result: Extract<Result, { kind: "sandbox" }>): readonly string[] {
  const { action, directory, engine, nodes, addresses } = result;
  if (addresses) return [nodes.map(({ address }) => formatAddress(address)).join(" ")];
  switch (action) {
    case "nothing":
      return [`no sandbox in ${directory}`];
    case "stopped":
      return [`stopped ${count(nodes.length, "server")} and removed ${directory}`];
    case "started":
    case "running": {
      const rows = nodes.map(({ address, pid, running }) => [
        formatAddress(address),
        String(pid),
        running ? "running" : "dead",
      ]);
      return [
        `${count(nodes.length, "server")}, ${engine}, in ${directory}`,
        ...tableLines([{ title: "ADDRESS" }, { title: "PID", align: "right" }, { title: "STATE" }], rows),
      ];
    }
  }
}
