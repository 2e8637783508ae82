import { ExitCode, SlotctlError } from "../errors.ts";
import type { RunEvent } from "../execute/events.ts";
import { DEFAULT_LIMITS, type Executor } from "../execute/executor.ts";
import { runPlan } from "../execute/run-plan.ts";
import type { Address } from "../model/address.ts";
import { type Candidate, isReached, type LostCandidate } from "../model/candidate.ts";
import { type Cluster, membersOf, shardsOf } from "../model/cluster.ts";
import { type CreateProblem, type CreateRequest, planCreate } from "../plan/create.ts";
import { findProblems, hasErrors } from "../plan/problems.ts";
import { surveyCandidates } from "../survey/candidates.ts";
import { survey } from "../survey/survey.ts";
import { createProblemHint, createProblemText } from "../view/plan-text.ts";
import type { ShownCreate } from "../view/view.ts";
import type { Context } from "./context.ts";
import { declined } from "./declined.ts";
import { savePlan } from "./plan-file.ts";

export interface NamedAddress {
  readonly typed: string;
  readonly address: Address;
}

export interface CreateOptions {
  readonly addresses: readonly NamedAddress[];
  readonly replicas: number;
  readonly primaries?: number | undefined;
  readonly shards?: readonly (readonly string[])[] | undefined;
  readonly dryRun: boolean;
  /** `--detailed-exitcode`: a dry run that would change something exits 10. */
  readonly detailedExitCode: boolean;
  readonly planOut?: string | undefined;
  /** Milliseconds to wait for servers that do not answer yet. */
  readonly wait: number;
  readonly ifNotExists: boolean;
  /** When it is done: when all nodes agree, as with redis-cli, or when every one of them serves clients. */
  readonly until: "joined" | "ok";
}

/** Builds a cluster of servers that are blank, or finishes what an interrupted run began. */
export async function create(options: CreateOptions, context: Context): Promise<ExitCode> {
  const { view, connections, zones, signal } = context;
  const candidates = await surveyCandidates(options.addresses, connections, { zones, patience: options.wait, signal });
  const existing = options.ifNotExists ? await findExisting(candidates, options, context) : undefined;
  if (existing !== undefined) {
    view.result({ kind: "create-exists", cluster: existing });
    return ExitCode.Ok;
  }
  const shown = planOrRefuse({ candidates, ...requestOf(options) });
  // A person's time to think does not count.
  let started = performance.now();
  const finish = (outcome: "created" | "already" | "dry-run") =>
    view.result({
      kind: "create",
      outcome,
      until: options.until,
      shown,
      seconds: (performance.now() - started) / 1000,
    });

  if (options.planOut !== undefined) await savePlan(shown.plan, options.planOut);
  if (isDone(shown)) {
    await runPlan(shown.plan, { ...executorFor(candidates, options.until, context), emit: () => undefined });
    finish("already");
    return ExitCode.Ok;
  }
  view.plan(shown);
  if (options.dryRun) {
    finish("dry-run");
    return options.detailedExitCode ? ExitCode.ChangesPending : ExitCode.Ok;
  }
  if (!(await context.confirm("Create this cluster?"))) throw declined();
  started = performance.now();
  const changed = await runPlan(shown.plan, executorFor(candidates, options.until, context));
  finish(changed ? "created" : "already");
  return ExitCode.Ok;
}

function requestOf({ replicas, primaries, shards }: CreateOptions): Omit<CreateRequest, "candidates"> {
  return { replicas, primaries, shards };
}

/** @throws SlotctlError that lists every reason why it cannot be done */
export function planOrRefuse(request: CreateRequest): ShownCreate {
  const outcome = planCreate(request);
  if (outcome.kind === "planned") return { ...outcome, kind: "create" };
  throw refused(outcome.problems, request.candidates);
}

function refused(problems: readonly CreateProblem[], candidates: readonly (Candidate | LostCandidate)[]): SlotctlError {
  const lost = candidates.filter((candidate): candidate is LostCandidate => !isReached(candidate));
  const onlyLost = problems.every(({ kind }) => kind === "unreachable");
  const texts = problems.map(createProblemText);
  return new SlotctlError(
    texts.length === 1
      ? `Cannot create the cluster: ${texts[0]}`
      : `Cannot create the cluster, for ${texts.length} reasons`,
    {
      code: "CREATE_REFUSED",
      exitCode: onlyLost ? ExitCode.Unreachable : ExitCode.Unhealthy,
      details: texts.length === 1 ? [] : texts,
      hint: onlyLost && lost.length === 1 ? lost[0]!.hint : createProblemHint(problems),
    },
  );
}

/** What an earlier run left to do: nothing when every server already is what the plan makes of it. */
function isDone({ design, plan }: ShownCreate): boolean {
  const members = plan.expected.flatMap(({ primary, replicas }) => [primary.id, ...replicas.map(({ id }) => id)]);
  return design.shards.every(
    ({ primary, replicas }) =>
      primary.node.slots.length > 0 &&
      replicas.every(({ node }) => node.role === "replica") &&
      [primary, ...replicas].every(({ node }) => {
        const known = new Set(node.view?.lines.filter(({ handshake }) => !handshake).map(({ id }) => id));
        return members.every((id) => known.has(id));
      }),
  );
}

function executorFor(
  candidates: readonly (Candidate | LostCandidate)[],
  until: Executor["until"],
  context: Context,
): Executor {
  const { connections, signal, timeout, view } = context;
  return {
    connections,
    signal,
    timeout,
    limits: DEFAULT_LIMITS,
    witnesses: [],
    until,
    emit: (event: RunEvent) => view.event(event),
    dials: new Map(candidates.filter(isReached).map(({ node }) => [node.id, node.dial])),
  };
}

/** A healthy cluster of exactly these servers with as many primaries and replicas as asked for, whoever plays which role. */
async function findExisting(
  candidates: readonly (Candidate | LostCandidate)[],
  options: CreateOptions,
  { connections, zones }: Context,
): Promise<Cluster | undefined> {
  const reached = candidates.filter(isReached);
  const first = reached[0];
  if (
    first === undefined ||
    reached.length < candidates.length ||
    first.node.slots.length + first.node.view!.lines.length < 2
  ) {
    return undefined;
  }
  const cluster = await survey([first.node.dial], connections, { zones });
  const wanted = new Set(reached.map(({ node }) => node.id));
  const sameMembers = membersOf(cluster).length === wanted.size && membersOf(cluster).every(({ id }) => wanted.has(id));
  return sameMembers && !hasErrors(findProblems(cluster)) && hasShape(cluster, options) ? cluster : undefined;
}

function hasShape(cluster: Cluster, { addresses, replicas, primaries, shards }: CreateOptions): boolean {
  const serving = shardsOf(cluster).filter(({ primary }) => primary.slots.length > 0);
  const wantedPrimaries = shards?.length ?? primaries ?? Math.floor(addresses.length / (replicas + 1));
  const wantedReplicas = shards === undefined ? replicas : Math.min(...shards.map((shard) => shard.length - 1));
  return serving.length === wantedPrimaries && serving.every((shard) => shard.replicas.length >= wantedReplicas);
}
