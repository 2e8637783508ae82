import type { Cluster } from "../model/cluster.ts";
import { survey } from "../survey/survey.ts";
import type { Context } from "./context.ts";

/** The cluster as it is, well or not: to choose among its nodes. */
export function surveyMembers({ seeds, connections, zones }: Context): Promise<Cluster> {
  return survey(seeds, connections, { depth: "health", zones });
}
