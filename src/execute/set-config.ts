import { type Node, ServerError } from "../node/node.ts";
import type { SetConfig, Step } from "../plan/plan.ts";
import { type Executor, nodeOf, type OnChange } from "./executor.ts";
import { configRefused } from "./failures.ts";

/** @throws SlotctlError when the server does not let its setting be read or changed */
export async function setConfig(
  { node, setting, value }: Omit<SetConfig, "kind">,
  executor: Executor,
  onChange: OnChange,
): Promise<boolean> {
  const server = await nodeOf(executor, node);
  try {
    const found = await server.send("CONFIG", "GET", setting);
    if (Array.isArray(found) && found[1] === value) return false;
  } catch (error) {
    if (error instanceof ServerError) throw configRefused(setting, node, error);
    throw error;
  }
  return set(server, { node, setting, value }, onChange);
}

/** One that is refused has changed nothing; of one that was not answered nobody knows. */
async function set(
  server: Node,
  { node, setting, value }: Omit<SetConfig, "kind">,
  onChange: OnChange,
): Promise<boolean> {
  const [outcome] = await server.sendAll([["CONFIG", "SET", setting, value]]).catch((error: unknown) => {
    onChange();
    throw error;
  });
  if (outcome instanceof ServerError) throw configRefused(setting, node, outcome);
  onChange();
  return true;
}

/** Those of the steps not done yet that put back what a step that was begun has changed. */
export function puttingBack(steps: readonly Step[], begun: ReadonlySet<number>): readonly SetConfig[] {
  const isSame = (a: SetConfig, b: Step) =>
    b.kind === "set-config" && b.node.id === a.node.id && b.setting === a.setting;
  return steps.flatMap((step, index) => {
    if (step.kind !== "set-config" || begun.has(index)) return [];
    return steps.some((other, i) => i < index && begun.has(i) && isSame(step, other)) ? [step] : [];
  });
}
