import { ExitCode } from "../errors.ts";
import { survey } from "../survey/survey.ts";
import type { Context } from "./context.ts";

export interface InfoOptions {
  /** Draw the slots by owner. */
  readonly map: boolean;
}

/** Shows every shard with its nodes. Nodes that cannot be reached are shown as such; that is no failure. */
export async function info({ map }: InfoOptions, { seeds, connections, zones, view }: Context): Promise<ExitCode> {
  const cluster = await survey(seeds, connections, { depth: "topology", zones });
  view.result({ kind: "info", cluster, map });
  return ExitCode.Ok;
}
