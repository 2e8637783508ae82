import { type Cluster, type ClusterNode, type NodeId, primariesOf, signatureOf } from "../model/cluster.ts";
import {
  complementRanges,
  formatRanges,
  hasSlot,
  type SlotRanges,
  slotsOf,
  toRanges,
  unionRanges,
} from "../model/slot.ts";
import type { ConflictPolicy, SlotEvidence } from "../model/slot-evidence.ts";
import { canOwn, chooseOwner, type NodesById } from "./fix/choose-owner.ts";
import { dealSlots } from "./fix/deal-slots.ts";
import { type Circumstances, decide } from "./fix/decide.ts";
import type { Decision, Direction, Unsolved } from "./fix/decision.ts";
import { bumpReasons, bumpsFor } from "./fix/epochs.ts";
import { type MemberProblem, type MembersRepair, repairMembers } from "./fix/members.ts";
import { reasonsFor, unsolvedTexts } from "./fix/reasons.ts";
import {
  isReached,
  pictureSlots,
  type SlotPicture,
  type SlotProblem,
  silentOwners,
  slotsInTrouble,
} from "./fix/slot-picture.ts";
import { stepsFor } from "./fix/steps.ts";
import { findAwaited, findTakeovers, type Takeover, takeoverText } from "./fix/takeovers.ts";
import { lossWarnings, returnWarnings } from "./fix/warnings.ts";
import { PLAN_SCHEMA_VERSION, type Plan, type PlannedShard, type Step } from "./plan.ts";
import { viewsAgree } from "./problems.ts";
import { simulate } from "./simulate.ts";

/** A kind of problem that fix does something about. */
export type Repairable = SlotProblem | MemberProblem | "epoch-collision";

/** As `check` names them. */
export const REPAIRABLE: Readonly<Record<Repairable, true>> = {
  "uncovered-slots": true,
  "several-owners": true,
  "open-slots": true,
  disagreement: true,
  "stray-keys": true,
  "epoch-collision": true,
  "unknown-member": true,
  ghost: true,
};

export interface FixRequest {
  readonly direction: Direction;
  /** Only these slots; undefined: all. */
  readonly slots: SlotRanges | undefined;
  /** Only these problems; undefined: all. */
  readonly only: ReadonlySet<Repairable> | undefined;
  /** Give up primaries that cannot be reached and that the cluster itself holds for failed. */
  readonly giveUpUnreachable: boolean;
  readonly onConflict: ConflictPolicy;
}

/** What fix would do, and what it would not. */
export interface FixPlan {
  readonly plan: Plan;
  /** What is done about each slot, ascending. */
  readonly repairs: readonly Decision[];
  /** What stays as it is, and why: one line each. */
  readonly unsolved: readonly string[];
  /** Slots whose keys are gone unless a primary that is given up returns. */
  readonly lost: SlotRanges;
  /** Primaries with slots that cannot be reached, whatever is done about them. */
  readonly unreachable: readonly ClusterNode[];
  /** Nodes that are introduced to the others, or forgotten by them. */
  readonly members: ReadonlySet<NodeId>;
}

/** The slots that evidence is needed of. */
export function slotsToSurvey(cluster: Cluster, request: FixRequest): SlotRanges {
  return toRanges(troubleOf(cluster, request).keys());
}

/**
 * The plan that gives every slot one owner in every view, nothing open, and every key at its owner. Pure.
 * Whoever carries out any beginning of it, and plans anew, gets there as well.
 */
export function planFix(cluster: Cluster, evidence: SlotEvidence, request: FixRequest): FixPlan {
  const nodes: NodesById = new Map(cluster.nodes.map((node) => [node.id, node]));
  const pictures = pictureSlots(cluster, troubleOf(cluster, request), evidence);
  const circumstances = circumstancesOf(cluster, pictures, evidence, request, nodes);
  const verdicts = pictures.map((picture) => decide(picture, circumstances));
  const decisions = verdicts.filter((verdict): verdict is Decision => verdict.kind === "repair");
  const unsolved = verdicts.filter((verdict): verdict is Unsolved => verdict.kind === "unsolved");
  const members = membersRepairFor(cluster, request, nodes);
  const asked = [
    ...stepsFor(decisions, nodes, request.onConflict, members.meet),
    ...(bumpsEpochs(request) ? bumpsFor(cluster) : []),
    ...members.forget,
  ];
  const takeovers = asked.length === 0 ? [] : takeoversBeside(decisions, cluster);
  const steps = [...takeovers.map((takeover) => closing(takeover, nodes)), ...asked];
  const lost = toRanges(decisions.filter(({ givenUp }) => givenUp !== undefined).map(({ picture }) => picture.slot));
  return {
    plan: {
      schemaVersion: PLAN_SCHEMA_VERSION,
      command: "fix",
      madeFor: signatureOf(cluster),
      steps,
      reasons: [
        ...takeovers.map((takeover) => takeoverText(takeover, nodes)),
        ...reasonsFor(decisions, nodes),
        ...bumpReasons(cluster, steps, nodes),
        ...members.reasons,
      ],
      warnings: [...lossWarnings(decisions, cluster, nodes), ...returnWarnings(decisions, nodes)],
      expected: isWhole(cluster, decisions, unsolved, request) ? expectedAfter(cluster, steps) : [],
    },
    repairs: decisions,
    unsolved: unsolvedTexts(unsolved, nodes),
    lost,
    unreachable: silentOwners(cluster),
    members: members.nodes,
  };
}

/** Who has been asked for a part of the slots has not been asked for the members. */
function membersRepairFor(cluster: Cluster, request: FixRequest, nodes: NodesById): MembersRepair {
  const { slots, only } = request;
  const wanted = (problem: MemberProblem) => slots === undefined && (only === undefined || only.has(problem));
  return repairMembers(cluster, wanted, only === undefined ? givenUpIn(cluster, request) : new Set(), nodes);
}

function troubleOf(cluster: Cluster, request: FixRequest): ReadonlyMap<number, ReadonlySet<SlotProblem>> {
  const { slots, only } = request;
  const found = new Map(slotsInTrouble(cluster));
  const claimed = unionRanges(
    ...primariesOf(cluster)
      .filter(isReached)
      .map((node) => node.slots),
  );
  for (const id of givenUpIn(cluster, request)) {
    for (const slot of slotsOf(cluster.nodes.find((node) => node.id === id)!.slots)) {
      if (!hasSlot(claimed, slot)) found.set(slot, new Set([...(found.get(slot) ?? []), "uncovered-slots"]));
    }
  }
  const wanted = [...found].filter(
    ([slot, problems]) =>
      (slots === undefined || hasSlot(slots, slot)) &&
      (only === undefined || [...problems].some((problem) => only.has(problem))),
  );
  return new Map(wanted);
}

/** Who is alive for the others, though not for us, would drop its keys when its slots went to somebody else. */
function givenUpIn(cluster: Cluster, { giveUpUnreachable }: FixRequest): ReadonlySet<NodeId> {
  if (!giveUpUnreachable) return new Set();
  const dead = silentOwners(cluster).filter(({ health, noAddress }) => health === "failing" || noAddress);
  return new Set(dead.map(({ id }) => id));
}

function circumstancesOf(
  cluster: Cluster,
  pictures: readonly SlotPicture[],
  evidence: SlotEvidence,
  request: FixRequest,
  nodes: NodesById,
): Circumstances {
  const givenUp = givenUpIn(cluster, request);
  const able = primariesOf(cluster).filter(canOwn);
  const free = pictures.filter(
    (picture) => chooseOwner(picture, nodes) === undefined && picture.silent.every((id) => givenUp.has(id)),
  );
  return {
    nodes,
    direction: request.direction,
    givenUp,
    awaited: findAwaited(cluster),
    uncounted: new Set(able.map(({ id }) => id).filter((id) => !evidence.keys.has(id))),
    dealt: dealSlots(
      free.map(({ slot }) => slot),
      able,
    ),
  };
}

/** In slots that are not repaired now. */
function takeoversBeside(decisions: readonly Decision[], cluster: Cluster): readonly Takeover[] {
  const repaired = new Set(decisions.map(({ picture }) => picture.slot));
  return findTakeovers(cluster)
    .map((takeover) => ({ ...takeover, slots: takeover.slots.filter((slot) => !repaired.has(slot)) }))
    .filter(({ slots }) => slots.length > 0);
}

function closing({ node, slots }: Takeover, nodes: NodesById): Step {
  return {
    kind: "close-slots",
    node: { id: node, address: nodes.get(node)!.address },
    slots: formatRanges(toRanges(slots)),
  };
}

function bumpsEpochs({ only, slots }: FixRequest): boolean {
  return slots === undefined && (only === undefined || only.has("epoch-collision"));
}

/** Only what is repaired as a whole can be held to its end: every slot covered, and all views the same. */
function isWhole(
  cluster: Cluster,
  decisions: readonly Decision[],
  unsolved: readonly Unsolved[],
  request: FixRequest,
): boolean {
  if (unsolved.length > 0) return false;
  const all = slotsInTrouble(cluster);
  const repaired = new Set(decisions.map(({ picture }) => picture.slot));
  const isPart = [...all.keys()].some((slot) => !repaired.has(slot));
  const silent = silentOwners(cluster).length > 0;
  return !isPart && (!silent || request.giveUpUnreachable) && (viewsAgree(cluster) || all.size > 0);
}

function expectedAfter(cluster: Cluster, steps: readonly Step[]): readonly PlannedShard[] {
  const after = steps.reduce(simulate, cluster);
  const owned = primariesOf(after).filter((node) => isReached(node) && node.slots.length > 0);
  // With anything uncovered no node would ever say cluster_state:ok.
  if (complementRanges(unionRanges(...owned.map(({ slots }) => slots))).length > 0) return [];
  return owned.map(({ id, address, slots }) => ({
    primary: { id, address },
    slots: formatRanges(slots),
    replicas: [],
  }));
}
