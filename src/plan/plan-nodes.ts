import { leavingIn, membersBefore, type NodeRef, newcomersIn, type Plan, type Step } from "./plan.ts";

/** The nodes that are members before, while and after the plan is carried out: not those that join or leave. */
export function membersIn(plan: Plan): readonly NodeRef[] {
  const refs = new Map(plan.steps.flatMap(nodesOf).map((ref) => [ref.id, ref]));
  for (const id of [...newcomersIn(plan), ...leavingIn(plan)]) refs.delete(id);
  return [...refs.values()];
}

/** Whether the two are for one cluster, as far as plans can tell: one of them names a node of the other. Pure. */
export function areOfOneCluster(one: Plan, other: Plan): boolean {
  const known = new Set([...membersBefore(one), ...one.steps.flatMap(nodesOf).map(({ id }) => id)]);
  return namesAny(other, known);
}

/** Whether a step of the plan names one of these nodes. Pure. */
export function namesAny({ steps }: Plan, nodes: ReadonlySet<string>): boolean {
  return steps.some((step) => nodesOf(step).some(({ id }) => nodes.has(id)));
}

/** A new kind of step fails to compile until it is said whom it names. */
function nodesOf(step: Step): readonly NodeRef[] {
  switch (step.kind) {
    case "set-config-epoch":
    case "add-slots":
    case "set-config":
    case "assign-slots":
    case "close-slots":
    case "bump-epoch":
      return [step.node];
    case "del-slots":
      return [step.node, step.owner];
    case "meet":
      return step.nodes;
    case "move-slots":
    case "bring-keys":
      return [step.from, step.to];
    case "replicate":
    case "failover":
      return [step.node, step.primary];
    case "load-functions":
      return [step.node, step.from];
    case "forget":
      return [step.node, ...step.from];
    case "reset":
    case "shutdown":
      return [step.node];
  }
}
