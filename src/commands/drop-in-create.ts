import { ExitCode, SlotctlError } from "../errors.ts";
import type { RunEvent } from "../execute/events.ts";
import { DEFAULT_LIMITS } from "../execute/executor.ts";
import { runPlan } from "../execute/run-plan.ts";
import type { Address } from "../model/address.ts";
import { type Candidate, isReached, type LostCandidate } from "../model/candidate.ts";
import { keyCountOf } from "../model/facts.ts";
import { parseRanges } from "../model/slot.ts";
import { type Design, planCreate } from "../plan/create.ts";
import { surveyCandidates } from "../survey/candidates.ts";
import { surveyStrayKeys } from "../survey/stray-keys.ts";
import { survey } from "../survey/survey.ts";
import { createProblemText } from "../view/plan-text.ts";
import { checkText } from "../view/redis-cli/check-text.ts";
import {
  CREATE_QUESTION,
  createStepText,
  FEW_PRIMARIES_QUESTION,
  fewPrimariesText,
  JOIN_WAIT,
  tooFewNodesText,
} from "../view/redis-cli/create-lines.ts";
import { createProposalText } from "../view/redis-cli/create-text.ts";
import type { Proposal } from "../view/redis-cli/proposal.ts";
import { type RedisCliStyle, redisCliAddress, redisCliLine } from "../view/redis-cli/style.ts";
import { clusterStyle } from "./drop-in-check.ts";
import { type DropInContext, isConfirmed, sayUnusable, styleFor } from "./drop-in-context.ts";

export interface DropInCreateOptions {
  readonly addresses: readonly Address[];
  readonly replicas: number;
  readonly searchMultipleOwners: boolean;
  readonly yes: boolean;
}

/** `--cluster create`: the same planner and executor as `slotctl create`, in redis-cli's words. */
export async function dropInCreate(options: DropInCreateOptions, context: DropInContext): Promise<ExitCode> {
  const { connections, signal } = context;
  const named = options.addresses.map((address) => ({ typed: redisCliAddress(address), address }));
  const candidates = await surveyCandidates(named, connections, { zones: new Map(), patience: 0, signal });
  const reached = candidates.filter(isReached);
  const style = styleFor({ nodes: reached.map(({ node }) => node) }, context);
  const obstacle = firstObstacle(candidates, style, context);
  if (obstacle !== undefined) return obstacle;

  const primaries = Math.floor(candidates.length / (options.replicas + 1));
  if (primaries < 3 && !(await fewPrimariesAccepted(primaries, options, style, context))) return ExitCode.Failed;

  const outcome = planCreate({ candidates, replicas: options.replicas });
  if (outcome.kind === "refused") {
    for (const problem of outcome.problems) {
      context.out(redisCliLine("error", `[ERR] ${createProblemText(problem)}`, style));
    }
    return ExitCode.Failed;
  }
  context.out(createProposalText(proposalOf(outcome.design, options), style));
  // Declining is no failure there, and nothing was changed.
  if (!options.yes && !(await isConfirmed(CREATE_QUESTION, context))) return ExitCode.Ok;

  const dials = new Map(reached.map(({ node }) => [node.id, node.dial]));
  await runPlan(outcome.plan, {
    ...context,
    dials,
    until: "ok",
    limits: DEFAULT_LIMITS,
    witnesses: [],
    emit: stepTeller(style, context),
  });
  return finalCheck(options, context);
}

/** As redis-cli, the first server in the way ends it; and one that is part of any cluster is in the way. */
export function firstObstacle(
  candidates: readonly (Candidate | LostCandidate)[],
  style: RedisCliStyle,
  context: DropInContext,
): ExitCode | undefined {
  for (const candidate of candidates) {
    if (!isReached(candidate)) {
      const { code, failure, refusal, typed } = candidate;
      sayUnusable({ code, message: failure, refusal }, typed, context, style.wording);
      return ExitCode.Failed;
    }
    if (isUsed(candidate)) {
      context.out(redisCliLine("error", `[ERR] Node ${candidate.typed} is not empty. ${NOT_EMPTY}`, style));
      return ExitCode.Failed;
    }
  }
  return undefined;
}

const NOT_EMPTY =
  "Either the node already knows other nodes (check with CLUSTER NODES) or contains some key in database 0.";

function isUsed({ node }: Candidate): boolean {
  const keys = node.facts === undefined ? 0 : keyCountOf(node.facts);
  return keys > 0 || (node.view?.lines.length ?? 1) > 1;
}

/** Redis refuses fewer than three primaries; Valkey has asked since 8.1. */
async function fewPrimariesAccepted(
  primaries: number,
  { addresses, replicas, yes }: DropInCreateOptions,
  style: RedisCliStyle,
  context: DropInContext,
): Promise<boolean> {
  if (style.wording === "redis" || primaries < 1) {
    context.out(tooFewNodesText(addresses.length, replicas, style));
    return false;
  }
  context.out(fewPrimariesText(primaries, replicas, style));
  return yes || (await isConfirmed(FEW_PRIMARIES_QUESTION, context));
}

function proposalOf({ candidates, shards }: Design, { addresses, replicas }: DropInCreateOptions): Proposal {
  const proposed = new Map(
    candidates.map(({ typed, node }, i) => [typed, { id: node.id, address: addresses[i]!, flags: node.flags }]),
  );
  return {
    nodes: [...proposed.values()],
    shards: shards.map((shard) => ({
      primary: proposed.get(shard.primary.typed)!,
      slots: parseRanges(shard.slots) ?? [],
      replicas: shard.replicas.map(({ typed }) => proposed.get(typed)!),
    })),
    replicasPerPrimary: replicas,
  };
}

/** Says the lines of redis-cli as the steps behind them begin, with a dot for each second of waiting. */
function stepTeller(style: RedisCliStyle, { out }: DropInContext): (event: RunEvent) => void {
  const said = new Set<string>();
  const once = (key: string, text: string) => {
    if (said.has(key)) return;
    said.add(key);
    out(text);
  };
  let dottedAt = Number.POSITIVE_INFINITY;
  return (event) => {
    if (event.type === "step-started" && event.step.kind === "set-config-epoch") {
      once("epochs", createStepText("configured", style) + createStepText("epochs", style));
    } else if (event.type === "step-started" && event.step.kind === "meet") {
      once("meet", createStepText("meet", style) + JOIN_WAIT.begin);
      dottedAt = performance.now();
    } else if (event.type === "waiting" && event.on === "join" && performance.now() - dottedAt >= 1000) {
      dottedAt = performance.now();
      out(JOIN_WAIT.dot);
    } else if (event.type === "step-done" && event.step.kind === "meet") {
      out(JOIN_WAIT.end);
    }
  };
}

/** Unlike redis-cli, a cluster that is not as it should be is a failure. */
async function finalCheck(
  { addresses, searchMultipleOwners }: DropInCreateOptions,
  context: DropInContext,
): Promise<ExitCode> {
  const [seed] = addresses;
  if (seed === undefined) throw new SlotctlError("No address", { code: "USAGE", exitCode: ExitCode.Usage });
  const found = await survey([seed], context.connections);
  const cluster = searchMultipleOwners ? await surveyStrayKeys(found, context.connections, "thorough") : found;
  const { text, ok } = checkText(cluster, { ...clusterStyle(cluster, seed, context), searchMultipleOwners });
  context.out(text);
  return ok ? ExitCode.Ok : ExitCode.Failed;
}
