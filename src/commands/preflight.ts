import { ExitCode, SlotctlError } from "../errors.ts";
import { runningJobsOn } from "../execute/atomic/running-jobs.ts";
import { type Cluster, type ClusterNode, primariesOf } from "../model/cluster.ts";
import type { IntendedMove, MoveEnds, PreflightEvidence, RunningMigration } from "../model/preflight-evidence.ts";
import { intersectRanges, parseRanges } from "../model/slot.ts";
import type { Connections } from "../node/connections.ts";
import type { Plan } from "../plan/plan.ts";
import { changedSince, findPreflight, preflightSeverity } from "../plan/preflight.ts";
import { countKeysPerSlot } from "../survey/count-keys.ts";
import { mapConcurrently } from "../survey/map-concurrently.ts";
import { surveyPreflight } from "../survey/preflight-evidence.ts";
import { surveyStrayKeys } from "../survey/stray-keys.ts";
import { survey } from "../survey/survey.ts";
import { preflightHint, preflightText, slotChangeText } from "../view/preflight-text.ts";
import type { Context } from "./context.ts";

export interface PreflightRequest {
  readonly cluster: Cluster;
  readonly moves: readonly IntendedMove[];
  /** Let targets evict keys or run full. */
  readonly ignoreMemory?: boolean | undefined;
}

/**
 * Looks, before anything is changed, whether these moves can go well, and returns what should be known as warnings.
 * @throws SlotctlError, exit code 3, that lists everything that would fail or do harm
 */
export async function preflight(
  request: PreflightRequest,
  { connections }: Pick<Context, "connections">,
): Promise<readonly string[]> {
  return judgePreflight(request, await lookForPreflight(request.cluster, request.moves, connections));
}

/** What preflight has to know of the nodes that take part. */
export interface PreflightLook {
  /** With the keys that targets hold in slots that are not theirs, where that matters. */
  readonly searched: Cluster;
  readonly evidence: PreflightEvidence;
}

/** Asks for it, and changes nothing. */
export async function lookForPreflight(
  cluster: Cluster,
  moves: readonly MoveEnds[],
  connections: Connections,
): Promise<PreflightLook> {
  if (moves.length === 0) return { searched: cluster, evidence: { nodes: new Map(), replication: [], running: [] } };
  const [evidence, running, searched] = await Promise.all([
    surveyPreflight(cluster, moves, connections),
    runningOn(cluster, connections),
    withStrayKeys(cluster, moves, connections),
  ]);
  return { searched, evidence: { ...evidence, running } };
}

/**
 * Whether the moves can go well, by what the nodes told; what should be known is returned as warnings.
 * @throws SlotctlError, exit code 3, that lists everything that would fail or do harm
 */
export function judgePreflight(
  { cluster, moves, ignoreMemory = false }: PreflightRequest,
  { searched, evidence }: PreflightLook,
): readonly string[] {
  const findings = findPreflight(searched, moves, evidence);
  const isError = (finding: (typeof findings)[number]) => preflightSeverity(finding, { ignoreMemory }) === "error";
  const errors = findings.filter(isError);
  const texts = errors.map((finding) => preflightText(finding, cluster));
  if (errors.length > 0) {
    throw new SlotctlError(
      texts.length === 1 ? `Cannot move the slots: ${texts[0]}` : `Cannot move the slots, for ${texts.length} reasons`,
      {
        code: "PREFLIGHT_FAILED",
        exitCode: ExitCode.Unhealthy,
        details: texts.length === 1 ? [] : texts,
        hint: preflightHint(errors[0]!),
      },
    );
  }
  return findings.filter((finding) => !isError(finding)).map((finding) => preflightText(finding, cluster));
}

const CONCURRENCY = 64;

async function runningOn(cluster: Cluster, connections: Connections): Promise<readonly RunningMigration[]> {
  const reached = primariesOf(cluster).filter(({ view }) => view !== undefined);
  const found = await mapConcurrently(reached, CONCURRENCY, (node) => runningAt(node, connections));
  return found.flat();
}

async function runningAt({ id, dial }: ClusterNode, connections: Connections): Promise<readonly RunningMigration[]> {
  try {
    const jobs = await runningJobsOn(await connections.to(dial));
    return jobs.map(({ source, target, slots }) => ({ source, target, slots, node: id }));
  } catch (error) {
    // Whether it can be reached is told elsewhere.
    if (error instanceof SlotctlError) return [];
    throw error;
  }
}

/** Most commands have looked for stray keys already; only an atomic move on Redis must know whatever the command. */
function withStrayKeys(cluster: Cluster, moves: readonly MoveEnds[], connections: Connections): Promise<Cluster> {
  const targets = new Set(moves.filter(({ method }) => method === "atomic").map(({ to }) => to));
  const unknown = cluster.nodes.some(
    ({ id, facts, strayKeys }) => targets.has(id) && facts?.engine === "redis" && strayKeys === undefined,
  );
  return unknown ? surveyStrayKeys(cluster, connections, "cheap") : Promise.resolve(cluster);
}

/** The moves of a plan of which something is left at the source, with the keys that are there still. */
export async function movesLeft(
  { steps }: Plan,
  cluster: Cluster,
  { connections }: Pick<Context, "connections">,
): Promise<readonly IntendedMove[]> {
  const left = steps.flatMap((step) => {
    const source = step.kind === "move-slots" ? cluster.nodes.find(({ id }) => id === step.from.id) : undefined;
    if (step.kind !== "move-slots" || source === undefined) return [];
    const slots = intersectRanges(source.slots, parseRanges(step.slots) ?? []);
    return slots.length === 0 ? [] : [{ source, slots, from: step.from.id, to: step.to.id, method: step.method }];
  });
  return Promise.all(
    left.map(async ({ source, ...move }) => {
      const counts = await countKeysPerSlot(source, move.slots, connections);
      return { ...move, keys: counts === undefined ? undefined : [...counts.values()].reduce((a, b) => a + b, 0) };
    }),
  );
}

/**
 * A second look right before the first change: between the two somebody else may have moved slots, or a failover may
 * have taken place.
 * @throws SlotctlError, exit code 5, that says what is no longer as it was
 */
export async function refuseChanged(cluster: Cluster, { connections }: Pick<Context, "connections">): Promise<void> {
  const seeds = cluster.nodes.filter(({ view }) => view !== undefined).map(({ dial }) => dial);
  const now = await survey(seeds, connections);
  const change = changedSince(cluster, now);
  if (change === undefined) return;
  throw new SlotctlError(`The cluster is no longer what the plan was made for: ${slotChangeText(change, now)}`, {
    code: "PLAN_STALE",
    exitCode: ExitCode.Stale,
    hint: "Nothing was changed. Somebody else moves slots, or a failover took place: make a new plan when it is over",
  });
}
