import { SlotctlError } from "../errors.ts";
import type { NodeId } from "../model/cluster.ts";
import { parseInfo } from "../model/parse-info.ts";
import { quotedText } from "../model/quoted-text.ts";
import { formatRanges, parseRanges, slotsOf } from "../model/slot.ts";
import type { ConflictPolicy } from "../model/slot-evidence.ts";
import { type Reply, ServerError } from "../node/node.ts";
import { waitUntil } from "../node/wait-until.ts";
import type { AddSlots, BringKeys, MoveSlots, Replicate, SetConfigEpoch, Step } from "../plan/plan.ts";
import { moveAtomically } from "./atomic/move-atomically.ts";
import { change, type Executor, nodeOf, type OnChange, viewOf } from "./executor.ts";
import { failover } from "./failover.ts";
import { commandRefused } from "./failures.ts";
import { assignSlots } from "./fix/assign-slots.ts";
import { bringKeys } from "./fix/bring-keys.ts";
import { bumpEpoch } from "./fix/bump-epoch.ts";
import { closeSlots } from "./fix/close-slots.ts";
import { delSlots } from "./fix/del-slots.ts";
import { forget } from "./forget.ts";
import { reset, shutdown } from "./leave.ts";
import { loadFunctions } from "./load-functions.ts";
import { meet } from "./meet.ts";
import { Conflicts } from "./move/conflicts.ts";
import type { Incoming } from "./move/incoming.ts";
import { type MoveContext, moveSlots } from "./move/move-slots.ts";
import type { Throttle } from "./move/pace.ts";
import type { Turns } from "./move/turns.ts";
import { waitUntilCopied } from "./replica-links.ts";
import { setConfig } from "./set-config.ts";

/** A step and its place in the plan. */
export interface NumberedStep {
  readonly index: number;
  readonly step: Step;
}

/** What the steps of one run share. */
export interface Shared {
  readonly executor: Executor;
  /** So that no node takes part in more moves at a time than it should. */
  readonly turns: Turns<NodeId>;
  /** For what must not be done twice at the same time, by kind of step. */
  readonly oneByOne: Turns<Step["kind"]>;
  readonly throttle: Throttle;
  readonly incoming: Incoming;
  readonly onChange: OnChange;
  /** Keys of which neither of two values was touched, one line each. */
  readonly left: string[];
}

/** Makes one step true and returns whether anything had to be changed for it. */
export function carryOut({ index, step }: NumberedStep, shared: Shared): Promise<boolean> {
  const { executor, onChange } = shared;
  switch (step.kind) {
    case "set-config-epoch":
      return setConfigEpoch(step, executor, onChange);
    case "add-slots":
      return addSlots(step, executor, onChange);
    case "meet":
      return meet(step, executor, onChange);
    case "move-slots":
      return shared.turns.take([step.from.id, step.to.id], () => move(step, index, shared));
    case "set-config":
      return setConfig(step, executor, onChange);
    case "replicate":
      return replicate(step, executor, onChange);
    case "failover":
      return failover(step, executor, onChange);
    case "load-functions":
      return loadFunctions(step, executor, onChange);
    case "forget":
      return forget(step, executor, onChange);
    case "reset":
      return reset(step, executor, onChange);
    case "shutdown":
      return shutdown(step, executor, onChange);
    case "del-slots":
      return delSlots(step, executor, onChange);
    case "assign-slots":
      // One after the other, or two owners might take the same new epoch.
      return shared.oneByOne.take([step.kind], () => assignSlots(step, executor, onChange));
    case "close-slots":
      return closeSlots(step, executor, onChange);
    case "bring-keys":
      return shared.turns.take([step.from.id, step.to.id], () => bring(step, index, shared));
    case "bump-epoch":
      return shared.oneByOne.take([step.kind], () => bumpEpoch(step, executor, onChange));
  }
}

function bring(step: BringKeys, index: number, shared: Shared): Promise<boolean> {
  const conflicts = conflictsFor(step.onConflict, "to", shared);
  return bringKeys(step, { ...moveContext(index, shared), conflicts });
}

function moveContext(index: number, { executor, throttle, incoming, onChange }: Shared): MoveContext {
  return {
    executor,
    throttle,
    incoming,
    onChange,
    progress: (progress) => executor.emit({ type: "move-progress", index, ...progress }),
  };
}

function conflictsFor(policy: ConflictPolicy, owner: "from" | "to", { left }: Shared): Conflicts {
  return new Conflicts({
    policy,
    owner,
    left: ({ key, slot }, why) => left.push(`slot ${slot}: ${quotedText(key)} has two values: ${why}`),
  });
}

async function move(step: MoveSlots, index: number, shared: Shared): Promise<boolean> {
  const { executor, onChange } = shared;
  executor.signal.throwIfAborted();
  if (step.method === "keys") return moveByKeys(step, index, shared);
  try {
    return await moveAtomically(step, executor, onChange, (progress) => {
      executor.emit({ type: "move-progress", index, ...progress });
    });
  } catch (error) {
    // Of all its failures only this one says that everything is at the source, at rest.
    const isSafe = error instanceof SlotctlError && error.code === "ATOMIC_FAILED";
    if (!isSafe || !executor.limits.fallBackToKeys) throw error;
    executor.emit({ type: "notice", text: `${error.message}; going on key by key` });
    return moveByKeys(step, index, shared);
  }
}

function moveByKeys(step: MoveSlots, index: number, shared: Shared): Promise<boolean> {
  const { onConflict } = step;
  const conflicts = onConflict === undefined ? undefined : conflictsFor(onConflict, "from", shared);
  return moveSlots(step, { ...moveContext(index, shared), conflicts });
}

/**
 * A server takes a config epoch only while it knows nobody and has none. One that has met others already got its own
 * from them, and one that was reset before keeps the old one: both are as good.
 */
async function setConfigEpoch(
  { node, epoch }: SetConfigEpoch,
  executor: Executor,
  onChange: OnChange,
): Promise<boolean> {
  const info = parseInfo(String(await (await nodeOf(executor, node)).send("CLUSTER", "INFO")));
  if (info.get("cluster_known_nodes") !== "1" || info.get("cluster_my_epoch") !== "0") return false;
  onChange();
  await change(executor, node, "CLUSTER", "SET-CONFIG-EPOCH", epoch);
  return true;
}

async function addSlots({ node, slots }: AddSlots, executor: Executor, onChange: OnChange): Promise<boolean> {
  const { myself } = await viewOf(executor, node);
  if (formatRanges(myself.slots) === slots) return false;
  onChange();
  const ranges = parseRanges(slots) ?? [];
  const borders = ranges.flatMap(({ start, end }) => [start, end]);
  const server = await nodeOf(executor, node);
  const [outcome] = await server.sendAll([["CLUSTER", "ADDSLOTSRANGE", ...borders]]);
  if (!(outcome instanceof ServerError)) return true;
  if (!isUnknownSubcommand(outcome)) throw commandRefused("CLUSTER ADDSLOTSRANGE", node, outcome);
  // Servers before Redis 7.0 want every slot by itself.
  await change(executor, node, "CLUSTER", "ADDSLOTS", ...slotsOf(ranges));
  return true;
}

function isUnknownSubcommand({ message }: ServerError): boolean {
  return /unknown subcommand/i.test(message);
}

async function replicate(step: Replicate, executor: Executor, onChange: OnChange): Promise<boolean> {
  const changed = await follow(step, executor, onChange);
  if (step.inSync === true) await waitUntilCopied(step.node, step.primary, executor);
  return changed;
}

async function follow({ node, primary }: Replicate, executor: Executor, onChange: OnChange): Promise<boolean> {
  const { myself } = await viewOf(executor, node);
  if (myself.role === "replica" && myself.primaryId === primary.id) return false;
  onChange();
  const server = await nodeOf(executor, node);
  let refusal: ServerError | undefined;
  const accepted = await waitUntil<Reply>(async () => {
    const [outcome] = await server.sendAll([["CLUSTER", "REPLICATE", primary.id]]);
    if (!(outcome instanceof ServerError)) return outcome ?? "OK";
    // The primary's name may still be on its way to this node.
    if (!/unknown node/i.test(outcome.message)) throw commandRefused("CLUSTER REPLICATE", node, outcome);
    refusal = outcome;
    return undefined;
  }, executor);
  if (accepted === undefined) throw commandRefused("CLUSTER REPLICATE", node, refusal!);
  return true;
}
