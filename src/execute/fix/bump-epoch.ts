import type { BumpEpoch } from "../../plan/plan.ts";
import { change, type Executor, type OnChange, viewOf } from "../executor.ts";

/** Takes a new config epoch, the greatest of all, unless nobody else has the present one any more. */
export async function bumpEpoch({ node }: BumpEpoch, executor: Executor, onChange: OnChange): Promise<boolean> {
  const { myself, lines } = await viewOf(executor, node);
  const shares = lines.some(
    ({ id, role, configEpoch }) => id !== node.id && role === "primary" && configEpoch === myself.configEpoch,
  );
  if (!shares) return false;
  onChange();
  await change(executor, node, "CLUSTER", "BUMPEPOCH");
  return true;
}
