import type { ChalkInstance } from "chalk";
import { type Address, formatAddress } from "../model/address.ts";
import { isSecretSetting, SECRET_TEXT } from "../model/setting.ts";
import { tableLines } from "./table.ts";
import type { ChangedSetting, NodeSettings, Result } from "./view.ts";
import { count, secondsText } from "./words.ts";

type ConfigGet = Extract<Result, { kind: "config-get" }>;
type ConfigSet = Extract<Result, { kind: "config-set" }>;

const GET_COLUMNS = [{ title: "SETTING" }, { title: "VALUE" }, { title: "NODES" }] as const;
const SET_COLUMNS = [
  { title: "NODE" },
  { title: "SETTING" },
  { title: "BEFORE" },
  { title: "NOW" },
  { title: "CONFIG FILE" },
] as const;

/** Each setting with its values; where nodes differ, who has which. */
export function configGetLines({ settings }: ConfigGet, chalk: ChalkInstance): readonly string[] {
  const told = settings.filter(({ failure }) => failure === undefined);
  const names = [...new Set(told.flatMap(({ values }) => [...(values?.keys() ?? [])]))].sort();
  const rows = names.flatMap((name) => settingRows(name, told));
  return [...tableLines(GET_COLUMNS, rows), ...failureLines(settings, chalk)];
}

function settingRows(name: string, told: readonly NodeSettings[]): readonly (readonly string[])[] {
  const groups = groupsOf(name, told);
  return groups.map(([value, nodes], i) => [
    i === 0 ? name : "",
    valueText(name, value),
    groups.length === 1 ? `all ${told.length}` : nodes.map(({ node }) => formatAddress(node.address)).join(", "),
  ]);
}

/** The most common value first. Secrets are compared, too, and never shown. */
function groupsOf(
  name: string,
  told: readonly NodeSettings[],
): readonly (readonly [string | undefined, NodeSettings[]])[] {
  const groups = new Map<string | undefined, NodeSettings[]>();
  for (const one of told) groups.set(one.values?.get(name), [...(groups.get(one.values?.get(name)) ?? []), one]);
  return [...groups].sort(([, a], [, b]) => b.length - a.length);
}

function valueText(name: string, value: string | undefined): string {
  if (value === undefined) return "(unknown here)";
  if (value === "") return '""';
  return isSecretSetting(name) ? SECRET_TEXT : value;
}

function failureLines(settings: readonly NodeSettings[], chalk: ChalkInstance): readonly string[] {
  return settings.flatMap(({ node, failure }) =>
    failure === undefined ? [] : [`${chalk.red("failed")}  ${formatAddress(node.address)}: ${failure}`],
  );
}

export function configSetLines(result: ConfigSet, chalk: ChalkInstance): readonly string[] {
  const { changes } = result;
  const rows = changes
    .filter(({ outcome }) => outcome.kind !== "failed")
    .map(({ node, name, before, value, outcome, file }) => [
      formatAddress(node.address),
      name,
      valueText(name, before),
      outcome.kind === "already" ? "the same" : valueText(name, value),
      file === undefined ? "" : fileText(file),
    ]);
  const failed = failuresOf(changes).map(
    ({ nodes, names, why }) =>
      `${chalk.red("failed")}  ${[...names].join(", ")} on ${[...nodes].map(formatAddress).join(", ")}: ${why}`,
  );
  return [...(rows.length === 0 ? [] : tableLines(SET_COLUMNS, rows)), ...failed, totalLine(result)];
}

interface Failure {
  readonly nodes: Set<Address>;
  readonly names: Set<string>;
  readonly why: string;
}

/** What was refused for one reason, told once. */
function failuresOf(changes: readonly ChangedSetting[]): readonly Failure[] {
  const failures = new Map<string, Failure>();
  for (const { node, name, outcome } of changes) {
    if (outcome.kind !== "failed") continue;
    const failure = failures.get(outcome.why) ?? { nodes: new Set(), names: new Set(), why: outcome.why };
    failures.set(outcome.why, failure);
    failure.nodes.add(node.address);
    failure.names.add(name);
  }
  return [...failures.values()];
}

function fileText(file: NonNullable<ChangedSetting["file"]>): string {
  switch (file.kind) {
    case "written":
      return "written";
    case "none":
      return "has none";
    case "failed":
      return `not written: ${file.why}`;
  }
}

function totalLine({ changes, dryRun, seconds }: ConfigSet): string {
  const nodesWith = (kind: ChangedSetting["outcome"]["kind"]) =>
    new Set(changes.filter(({ outcome }) => outcome.kind === kind).map(({ node }) => node)).size;
  if (dryRun) return `done: dry run, nothing was changed; ${count(nodesWith("planned"), "node")} would be`;
  const [set, failed] = [nodesWith("set"), nodesWith("failed")];
  const filesOf = (kind: NonNullable<ChangedSetting["file"]>["kind"]) =>
    new Set(changes.filter(({ file }) => file?.kind === kind).map(({ node }) => node)).size;
  const [forgetful, unwritten] = [filesOf("none"), filesOf("failed")];
  const hint =
    forgetful === 0 ? "" : `; ${count(forgetful, "node")} without a configuration file will forget it at a restart`;
  const done = `set on ${count(set, "node")} in ${secondsText(seconds)}`;
  if (failed > 0) return `failed on ${count(failed, "node")}, ${done}${hint}`;
  if (unwritten > 0)
    return `incomplete: ${done}, but ${count(unwritten, "node")} could not write the configuration file and will forget it at a restart`;
  return set === 0 ? "done: it was so already; nothing was changed" : `done: ${done}${hint}`;
}

export function configGetDocument({ settings }: ConfigGet): object {
  return {
    ok: settings.every(({ failure }) => failure === undefined),
    command: "config get",
    nodes: settings.map(({ node, values, failure }) => ({
      id: node.id,
      address: formatAddress(node.address),
      ...(failure === undefined ? {} : { error: failure }),
      settings: Object.fromEntries(
        [...(values ?? [])].map(([name, value]) => [name, isSecretSetting(name) && value !== "" ? SECRET_TEXT : value]),
      ),
    })),
  };
}

export function configSetDocument({ changes, dryRun, ok, seconds }: ConfigSet): object {
  const text = (name: string, value: string | undefined) =>
    value !== undefined && value !== "" && isSecretSetting(name) ? SECRET_TEXT : value;
  return {
    ok,
    command: "config set",
    changed: changes.some(({ outcome }) => outcome.kind === "set"),
    dryRun,
    seconds,
    changes: changes.map(({ node, name, before, value, outcome, file }) => ({
      id: node.id,
      address: formatAddress(node.address),
      name,
      before: text(name, before),
      value: text(name, value),
      outcome: outcome.kind,
      ...(outcome.kind === "failed" ? { error: outcome.why } : {}),
      ...(file === undefined
        ? {}
        : { configFile: file.kind, ...(file.kind === "failed" ? { fileError: file.why } : {}) }),
    })),
  };
}
