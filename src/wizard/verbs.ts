import type { Context } from "../commands/context.ts";
import { surveyMendable } from "../commands/mendable.ts";
import { refuseUnfinished } from "../commands/moves.ts";
import { surveyHealthy } from "../commands/survey-healthy.ts";
import { surveyMembers } from "../commands/survey-members.ts";
import type { Cluster } from "../model/cluster.ts";
import { addNodeInterview } from "./add-node.ts";
import { createInterview } from "./create.ts";
import { delNodeInterview } from "./del-node.ts";
import { fixInterview } from "./fix.ts";
import type { Interview } from "./interview.ts";
import type { Prompt } from "./prompt.ts";
import { rebalanceInterview } from "./rebalance.ts";
import { reshardInterview } from "./reshard.ts";
import type { Typed } from "./typed.ts";

/** A command that the wizard can ask for. */
export type Verb = "create" | "reshard" | "rebalance" | "add-node" | "del-node" | "fix";

type Environment = Readonly<Record<string, string | undefined>>;

interface Guidance {
  /** What somebody would want it for. */
  readonly does: string;
  /** What is to be known of the cluster before anything is asked; none where there is no cluster yet. */
  readonly survey?: (context: Context, environment: Environment) => Promise<Cluster>;
  readonly interview: (cluster: Cluster, typed: Typed) => Interview;
}

export const GUIDANCE: Readonly<Record<Verb, Guidance>> = {
  reshard: {
    does: "move slots to a primary",
    survey: async (context, environment) => {
      const cluster = await surveyHealthy(context, environment);
      // Better said before four questions than after them.
      await refuseUnfinished(cluster, environment);
      return cluster;
    },
    interview: reshardInterview,
  },
  rebalance: { does: "even out the slots between the primaries", survey: surveyHealthy, interview: rebalanceInterview },
  "add-node": { does: "make blank servers members of a cluster", survey: surveyMembers, interview: addNodeInterview },
  "del-node": { does: "take nodes out of a cluster", survey: surveyMembers, interview: delNodeInterview },
  fix: { does: "repair slots, without losing a key", survey: surveyMendable, interview: fixInterview },
  create: { does: "make a cluster of blank servers", interview: (_, typed) => createInterview(typed) },
};

export function askVerb(prompt: Prompt): Promise<Verb> {
  return prompt.choose({
    name: "verb",
    message: "What do you want to do?",
    choices: (Object.keys(GUIDANCE) as Verb[]).map((value) => ({ value, cells: [value, GUIDANCE[value].does] })),
  });
}
