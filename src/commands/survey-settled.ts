import type { Cluster } from "../model/cluster.ts";
import { waitUntil } from "../node/wait-until.ts";
import { type StraySearch, surveyStrayKeys } from "../survey/stray-keys.ts";
import { survey } from "../survey/survey.ts";
import type { Context } from "./context.ts";
import { settleWindowOf } from "./settle-window.ts";

export interface SettleOptions {
  /** Milliseconds to let what passes by itself pass; undefined: twice the node timeout. */
  readonly settle: number | undefined;
  /** Whether there is something to wait for. */
  readonly isUnsettled: (cluster: Cluster) => boolean;
  readonly search: StraySearch;
}

/** The cluster once it has settled, or as it stands when the settle window is over. */
export async function surveySettled(
  { settle, isUnsettled, search }: SettleOptions,
  {
    seeds,
    connections,
    zones,
    signal,
    timeout,
    view,
  }: Pick<Context, "seeds" | "connections" | "zones" | "signal" | "timeout" | "view">,
): Promise<Cluster> {
  const look = () => survey(seeds, connections, { depth: "health", zones });
  let cluster = await look();
  const window = Math.min(settle ?? settleWindowOf(cluster), timeout);
  if (window > 0 && isUnsettled(cluster)) {
    view.busy("Waiting for what passes by itself");
    await waitUntil(
      async () => {
        cluster = await look();
        return isUnsettled(cluster) ? undefined : true;
      },
      { timeout: window, signal },
    );
  }
  return surveyStrayKeys(cluster, connections, search);
}
