import { ExitCode } from "../errors.ts";
import type { Address } from "../model/address.ts";
import type { Cluster } from "../model/cluster.ts";
import { surveyStrayKeys } from "../survey/stray-keys.ts";
import { survey } from "../survey/survey.ts";
import { checkText } from "../view/redis-cli/check-text.ts";
import { discoveryText } from "../view/redis-cli/discovery-text.ts";
import { infoText } from "../view/redis-cli/info-text.ts";
import { type ClusterStyle, redisCliAddress } from "../view/redis-cli/style.ts";
import { type DropInContext, sayUnreachable, styleFor } from "./drop-in-context.ts";

export interface DropInCheckOptions {
  readonly address: Address;
  readonly searchMultipleOwners: boolean;
}

/** `--cluster check`: the report of info, then the check engine. */
export async function dropInCheck(options: DropInCheckOptions, context: DropInContext): Promise<ExitCode> {
  const { address, searchMultipleOwners } = options;
  const found = await survey([address], context.connections);
  const cluster = searchMultipleOwners ? await surveyStrayKeys(found, context.connections, "thorough") : found;
  const style = clusterStyle(cluster, address, context);
  const { text, ok } = checkText(cluster, { ...style, searchMultipleOwners });
  sayUnreachable(cluster, !ok, context);
  context.out(discoveryText(cluster, style) + infoText(cluster, style) + text);
  return ok ? ExitCode.Ok : ExitCode.Failed;
}

/** `--cluster info`: what every reachable primary holds. Unreachable ones are no failure. */
export async function dropInInfo(address: Address, context: DropInContext): Promise<ExitCode> {
  const cluster = await survey([address], context.connections);
  const style = clusterStyle(cluster, address, context);
  sayUnreachable(cluster, false, context);
  context.out(discoveryText(cluster, style) + infoText(cluster, style));
  return ExitCode.Ok;
}

export function clusterStyle(cluster: Cluster, seed: Address, context: DropInContext): ClusterStyle {
  return { ...styleFor(cluster, context), seedLabel: redisCliAddress(seed) };
}
