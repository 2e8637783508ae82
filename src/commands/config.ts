import { ExitCode, SlotctlError } from "../errors.ts";
import type { ClusterNode } from "../model/cluster.ts";
import type { Answer, NodeAnswer } from "../model/node-answer.ts";
import { isSecretSetting, SECRET_TEXT } from "../model/setting.ts";
import type { Connections } from "../node/connections.ts";
import { survey } from "../survey/survey.ts";
import type { ChangedSetting, NodeSettings } from "../view/view.ts";
import { askNodes } from "./ask-nodes.ts";
import { chosenNodes, type NodeChoice } from "./chosen-nodes.ts";
import type { Context } from "./context.ts";
import { declined } from "./declined.ts";

export interface ConfigGetOptions extends NodeChoice {
  /** Names, or patterns as CONFIG GET takes them. */
  readonly patterns: readonly string[];
}

/** Shows settings of every chosen node, and where they differ. Fails when a node did not tell. */
export async function configGet(options: ConfigGetOptions, context: Context): Promise<ExitCode> {
  const { seeds, connections, view } = context;
  const nodes = chosenNodes(await survey(seeds, connections), options);
  const settings = await settingsOf(nodes, options.patterns, connections);
  const names = new Set(settings.flatMap(({ values }) => [...(values?.keys() ?? [])]));
  if (names.size === 0 && settings.every(({ failure }) => failure === undefined)) throw noSuchSetting(options.patterns);
  view.result({ kind: "config-get", settings });
  return settings.every(({ failure }) => failure === undefined) ? ExitCode.Ok : ExitCode.Failed;
}

export interface ConfigSetOptions extends NodeChoice {
  readonly settings: readonly (readonly [name: string, value: string])[];
  /** Write the configuration file: always, never, or where the server has one (undefined). */
  readonly rewrite: boolean | undefined;
  readonly dryRun: boolean;
  readonly detailedExitCode: boolean;
}

/**
 * Sets the same on every chosen node, and says of each what became of it: setting and writing the configuration file
 * are told apart, for a server without a file has the new value and forgets it at its next start.
 * @throws SlotctlError, exit code 2, when a node does not know a setting
 */
export async function configSet(options: ConfigSetOptions, context: Context): Promise<ExitCode> {
  const { seeds, connections, view, confirm } = context;
  const nodes = chosenNodes(await survey(seeds, connections), options);
  const names = options.settings.map(([name]) => name.toLowerCase());
  const before = await settingsOf(nodes, names, connections);
  refuseUnknown(names, before);
  const planned = before.flatMap((node) => plannedFor(node, options));
  const pending = planned.filter(({ outcome }) => outcome.kind === "planned");
  const tell = (changes: readonly ChangedSetting[], dryRun: boolean, seconds = 0) =>
    view.result({ kind: "config-set", changes, dryRun, ok: changes.every(isFine), seconds });

  if (options.dryRun) {
    tell(planned, true);
    return pending.length > 0 && options.detailedExitCode ? ExitCode.ChangesPending : ExitCode.Ok;
  }
  if (pending.length > 0) {
    for (const [name, value] of options.settings) view.note(`CONFIG SET ${name} ${shown(name, value)}`);
    if (!(await confirm(`Set this on ${nodes.length === 1 ? "1 node" : `${nodes.length} nodes`}?`))) throw declined();
  }
  const started = performance.now();
  const changes = await setAll(before, planned, options, connections);
  tell(changes, false, (performance.now() - started) / 1000);
  if (changes.every(isFine)) return ExitCode.Ok;
  return changes.some(({ outcome }) => outcome.kind === "set") ? ExitCode.Partial : ExitCode.Failed;
}

function isFine({ outcome, file }: ChangedSetting): boolean {
  return ["planned", "already", "set"].includes(outcome.kind) && (file === undefined || file.kind !== "failed");
}

function shown(name: string, value: string): string {
  return isSecretSetting(name) ? SECRET_TEXT : value;
}

async function settingsOf(
  nodes: readonly ClusterNode[],
  patterns: readonly string[],
  connections: Connections,
): Promise<readonly NodeSettings[]> {
  // CONFIG GET takes several names since Redis 7.0 only.
  const rounds = await Promise.all(patterns.map((pattern) => askNodes(nodes, ["CONFIG", "GET", pattern], connections)));
  return nodes.map((node, i) => {
    const answers = rounds.map((round) => round[i]!);
    const failure = answers.map(failureOf).find((text) => text !== undefined);
    return failure === undefined ? { node, values: new Map(answers.flatMap(pairsIn)) } : { node, failure };
  });
}

function failureOf({ answer }: { readonly answer: Answer }): string | undefined {
  return answer.kind === "reply" ? undefined : answer.message;
}

function pairsIn({ answer }: NodeAnswer): readonly (readonly [string, string])[] {
  if (answer.kind !== "reply" || !Array.isArray(answer.reply)) return [];
  const words = answer.reply.map(String);
  return words.flatMap((word, i) => (i % 2 === 0 ? [[word.toLowerCase(), words[i + 1] ?? ""] as const] : []));
}

function refuseUnknown(names: readonly string[], settings: readonly NodeSettings[]): void {
  for (const { values } of settings) {
    const unknown = names.find((name) => values !== undefined && !values.has(name));
    if (unknown !== undefined) throw noSuchSetting([unknown]);
  }
}

function plannedFor(
  { node, values, failure }: NodeSettings,
  { settings }: ConfigSetOptions,
): readonly ChangedSetting[] {
  return settings.map(([name, value]) => {
    const before = values?.get(name.toLowerCase());
    if (failure !== undefined) return { node, name, before, value, outcome: { kind: "failed", why: failure } };
    return { node, name, before, value, outcome: { kind: before === value ? "already" : "planned" } };
  });
}

async function setAll(
  before: readonly NodeSettings[],
  planned: readonly ChangedSetting[],
  options: ConfigSetOptions,
  connections: Connections,
): Promise<readonly ChangedSetting[]> {
  const nodes = before.filter(({ failure }) => failure === undefined).map(({ node }) => node);
  const command = ["CONFIG", "SET", ...options.settings.flat()];
  const isPending = (node: ClusterNode) =>
    planned.some((change) => change.node === node && change.outcome.kind === "planned");
  const told = await askNodes(nodes.filter(isPending), command, connections);
  const files = await writeFiles(nodes, options.rewrite, connections);
  // Servers write what they take in their own way: "1gb" comes back as 1073741824.
  const after = await settingsOf(
    nodes,
    options.settings.map(([name]) => name.toLowerCase()),
    connections,
  );
  return planned.map((change) => {
    const refusal = told.map((one) => (one.node === change.node ? failureOf(one) : undefined)).find(Boolean);
    const value =
      after.find(({ node }) => node === change.node)?.values?.get(change.name.toLowerCase()) ?? change.value;
    const file = files.get(change.node);
    if (refusal !== undefined) return { ...change, outcome: { kind: "failed", why: refusal } };
    if (change.outcome.kind !== "planned") return { ...change, file };
    return { ...change, value, file, outcome: { kind: value === change.before ? "already" : "set" } };
  });
}

type FileOutcome = NonNullable<ChangedSetting["file"]>;

/** A server without a configuration file is asked to write one only by those who insist. */
async function writeFiles(
  nodes: readonly ClusterNode[],
  rewrite: boolean | undefined,
  connections: Connections,
): Promise<ReadonlyMap<ClusterNode, FileOutcome>> {
  if (rewrite === false) return new Map();
  const answers = await askNodes(nodes, ["CONFIG", "REWRITE"], connections);
  return new Map(
    answers.map(({ node, answer }): readonly [ClusterNode, FileOutcome] => {
      if (answer.kind === "reply") return [node, { kind: "written" }];
      const hasNone = /without a config file/i.test(answer.message);
      return [node, hasNone && rewrite === undefined ? { kind: "none" } : { kind: "failed", why: answer.message }];
    }),
  );
}

function noSuchSetting(names: readonly string[]): SlotctlError {
  return new SlotctlError(`No node has a setting ${names.map((name) => `"${name}"`).join(" or ")}`, {
    code: "NO_SUCH_SETTING",
    exitCode: ExitCode.Usage,
    hint: "slotctl config get <seed> '*' lists what there is; the user may lack the right to CONFIG GET",
  });
}
