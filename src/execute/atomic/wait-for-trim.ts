import { formatAddress } from "../../model/address.ts";
import { parseInfo } from "../../model/parse-info.ts";
import { waitUntil } from "../../node/wait-until.ts";
import { forgive, nodeOf } from "../executor.ts";
import type { AtomicMove } from "./atomic-move.ts";

const PREFIX = "cluster_slot_migration_active_trim";

/**
 * Redis deletes the keys that have left in its main thread when somebody uses client-side caching, and refuses writes
 * to their slots meanwhile. Waits for that as long as it makes progress; the slots have moved in any case.
 */
export async function waitForTrim({ executor, step }: AtomicMove): Promise<void> {
  let trimmed: string | undefined;
  let movedAt = performance.now();
  const look = async (): Promise<"done" | "stuck" | undefined> => {
    const info = await readInfo();
    if (info !== undefined && (info.get(`${PREFIX}_running`) ?? "0") === "0") return "done";
    const now = info?.get(`${PREFIX}_current_job_trimmed`);
    if (now !== trimmed) movedAt = performance.now();
    trimmed = now;
    return performance.now() - movedAt > executor.timeout ? "stuck" : undefined;
  };
  const readInfo = async () => {
    try {
      return parseInfo(String(await (await nodeOf(executor, step.from)).send("CLUSTER", "INFO")));
    } catch (error) {
      return forgive(executor, step.from, error);
    }
  };
  const patience = { timeout: Number.POSITIVE_INFINITY, signal: executor.signal };
  if ((await waitUntil(look, patience)) !== "stuck") return;
  const text = `${formatAddress(step.from.address)} has not yet deleted the keys of slots that it gave away`;
  executor.emit({ type: "notice", text });
}
