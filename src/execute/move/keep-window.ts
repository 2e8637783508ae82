import { clockOf, formatDailyWindow, isOpen } from "../../model/daily-window.ts";
import { waitUntil } from "../../node/wait-until.ts";
import type { MoveSlots } from "../../plan/plan.ts";
import type { Executor } from "../executor.ts";

/** Whether slots may be begun with now. */
export function isInWindow({ limits: { window } }: Executor): boolean {
  return window === undefined || isOpen(window, new Date());
}

/**
 * Waits until slots may move. Nothing is open meanwhile, so that the cluster may be left alone for as long as it takes.
 * @throws the signal's reason when it aborts
 */
export async function waitForWindow(step: Pick<MoveSlots, "from" | "to">, executor: Executor): Promise<void> {
  const { limits, signal, emit, connections, dials } = executor;
  const { window } = limits;
  if (window === undefined || isInWindow(executor)) return;
  emit({
    type: "notice",
    text: `Slots move between ${formatDailyWindow(window)}: going on at ${clockOf(window.start)}`,
  });
  await waitUntil(async () => (isInWindow(executor) ? true : undefined), { timeout: Number.POSITIVE_INFINITY, signal });
  // Servers close connections that nobody uses, and this one may have been idle for hours.
  for (const { id, address } of [step.from, step.to]) connections.drop(dials.get(id) ?? connections.dialOf(address));
}
