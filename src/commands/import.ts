import { ExitCode, SlotctlError } from "../errors.ts";
import { type ImportLimits, type ImportReport, importKeys } from "../execute/transfer/import-keys.ts";
import type { Verification } from "../execute/transfer/import-proof.ts";
import { type Address, formatAddress } from "../model/address.ts";
import { type Cluster, type NodeId, signatureOf } from "../model/cluster.ts";
import type { Connections } from "../node/connections.ts";
import {
  databasesAsked,
  type ImportPlan,
  type ImportProblem,
  type ImportRequest,
  keysToImport,
  planImport,
} from "../plan/import.ts";
import { findProblems } from "../plan/problems.ts";
import { dumpFormatOf, type FoundSource, surveySource, surveyTargets } from "../survey/import-ends.ts";
import { survey } from "../survey/survey.ts";
import { importProblemHint, importProblemText } from "../view/import-text.ts";
import { problemText } from "../view/problem-text.ts";
import type { ChangeResult } from "../view/view.ts";
import type { Context, Login } from "./context.ts";
import { declined } from "./declined.ts";

export interface ImportOptions extends ImportRequest {
  readonly from: Address;
  readonly login: Login;
  readonly verification: Verification;
  readonly limits: ImportLimits;
  readonly dryRun: boolean;
  readonly detailedExitCode: boolean;
}

/** Copies the keys of another server or cluster into this one. */
export async function importFrom(options: ImportOptions, context: Context): Promise<ExitCode> {
  const { view, seeds, zones, signal, timeout } = context;
  using connections = context.connections.forBulk();
  using source = (await context.connectElsewhere(options.login)).forBulk();
  const [cluster, found] = await Promise.all([survey(seeds, connections, { zones }), sourceAt(options.from, source)]);
  refuseUnserved(cluster);
  const plan = await planOrRefuse(options, { cluster, found, connections, source });
  const tell = (outcome: ChangeResult, seconds = 0, report?: ImportReport, sourceMoved = false) =>
    view.result({ kind: "import", outcome, plan, report, seconds, sourceMoved });
  if (keysToImport(plan) === 0) {
    tell("nothing");
    return ExitCode.Ok;
  }
  view.plan({ kind: "import", plan });
  if (options.dryRun) {
    tell("dry-run");
    return options.detailedExitCode ? ExitCode.ChangesPending : ExitCode.Ok;
  }
  if (!(await context.confirm(plan.move ? "Move these keys?" : "Copy these keys?"))) throw declined();
  const started = performance.now();
  const { limits, verification } = options;
  const report = await importKeys({
    plan,
    cluster,
    target: connections,
    source,
    limits,
    verification,
    timeout,
    signal,
    emit: view.event,
  });
  const sourceMoved = await hasMoved(found, source);
  const outcome = report.counts.copied + report.counts.deleted > 0 ? "done" : "nothing";
  tell(outcome, (performance.now() - started) / 1000, report, sourceMoved);
  return report.troubles.length === 0 && !sourceMoved ? ExitCode.Ok : ExitCode.Partial;
}

/** The hints of a failed connection name the options for the cluster; those for the source are called otherwise. */
async function sourceAt(address: Address, source: Connections): Promise<FoundSource> {
  try {
    return await surveySource(address, source);
  } catch (error) {
    if (!(error instanceof SlotctlError)) throw error;
    const { code, exitCode, details, cause } = error;
    const hint = error.hint
      ?.replace(/--(user|askpass|tls|sni|cacert|cert|key|insecure)\b/g, "--from-$1")
      .replaceAll("SLOTCTL_AUTH", "SLOTCTL_FROM_AUTH");
    throw new SlotctlError(error.message, { code, exitCode, details, cause, hint });
  }
}

/** What keeps keys from arriving; other problems of a cluster do not. */
const IN_THE_WAY: ReadonlySet<string> = new Set(["uncovered-slots", "several-owners", "cluster-state"]);

/** @throws SlotctlError, exit code 3, where a slot has nobody who would take its keys */
export function refuseUnserved(cluster: Cluster): void {
  const problems = findProblems(cluster).filter(({ kind }) => IN_THE_WAY.has(kind));
  if (problems.length === 0) return;
  throw new SlotctlError("The cluster cannot take all keys", {
    code: "CLUSTER_UNHEALTHY",
    exitCode: ExitCode.Unhealthy,
    details: problems.map((problem) => problemText(problem, cluster).what),
    hint: "slotctl check tells what helps",
  });
}

interface Ends {
  readonly cluster: Cluster;
  readonly found: FoundSource;
  readonly connections: Connections;
  readonly source: Connections;
}

/** @throws SlotctlError that lists every reason why it cannot be done */
export async function planOrRefuse(
  request: ImportRequest,
  { cluster, found, connections, source }: Ends,
): Promise<ImportPlan> {
  const asked = databasesAsked(found, request.database);
  const format = await dumpFormatOf(found, asked, source);
  const databases = request.database === "all" ? asked : [];
  const answers = await surveyTargets(cluster, { format, databases }, connections);
  const { database, move, existing, match } = request;
  const { address, kind, facts, servers, keysByDatabase } = found;
  const outcome = planImport(
    {
      address,
      kind,
      engine: facts.engine,
      version: facts.version,
      servers,
      keysByDatabase,
      rdbVersion: format,
      nodeIds: (found.cluster?.nodes ?? []).map(({ id }): NodeId => id),
    },
    answers.map(({ node, ...answer }) => ({
      ...answer,
      address: node.address,
      id: node.id,
      engine: node.facts?.engine ?? "redis",
      version: node.facts?.version ?? "unknown",
    })),
    { database, move, existing, match },
  );
  if (outcome.kind === "planned") return outcome.plan;
  throw refused(outcome.problems, found);
}

function refused(problems: readonly ImportProblem[], { address, facts }: FoundSource): SlotctlError {
  const texts = problems.map((problem) => importProblemText(problem, facts));
  const isFormat = problems.some(({ kind }) => kind === "format");
  return new SlotctlError(`Cannot import from ${formatAddress(address)}: ${texts[0]}`, {
    code: isFormat ? "FORMAT_TOO_NEW" : "IMPORT_REFUSED",
    exitCode: problems.every(({ kind }) => kind === "several-databases" || kind === "move-from-replica")
      ? ExitCode.Usage
      : ExitCode.Unhealthy,
    details: texts.slice(1),
    hint: `Nothing was changed. ${importProblemHint(problems[0]!)}`,
  });
}

/** A source cluster whose slots moved while it was read may have been read past some of its keys. */
async function hasMoved({ address, cluster }: FoundSource, source: Connections): Promise<boolean> {
  if (cluster === undefined) return false;
  const now = await survey([address], source);
  const before = findOpen(cluster);
  return signatureOf(now) !== signatureOf(cluster) || before || findOpen(now);
}

function findOpen({ nodes }: Cluster): boolean {
  return nodes.some(({ openSlots }) => openSlots.length > 0);
}
