import { statSync } from "node:fs";
import { resolve } from "node:path";
import { ExitCode } from "../errors.ts";
import { planBackup } from "../plan/backup.ts";
import {
  isDirectoryText,
  savedText,
  savingConfigurationText,
  savingText,
  troubledText,
} from "../view/redis-cli/backup-text.ts";
import { checkText } from "../view/redis-cli/check-text.ts";
import { labelOf, listingOf } from "../view/redis-cli/listing.ts";
import type { DropInCheckOptions } from "./drop-in-check.ts";
import { type DropInContext, sayUnreachable, wordingFor } from "./drop-in-context.ts";
import { discover } from "./drop-in-moves.ts";
import { takeBackup } from "./take-backup.ts";

export interface DropInBackupOptions extends DropInCheckOptions {
  readonly directory: string;
  /** The version of slotctl. */
  readonly version: string;
}

/**
 * `--cluster backup`: the files and names of redis-cli, and a manifest beside them. The data sets are fetched side by
 * side, and files that are there are replaced, each at once, when all new ones are whole; redis-cli writes over them.
 */
export async function dropInBackup(options: DropInBackupOptions, context: DropInContext): Promise<ExitCode> {
  const { connections, signal, timeout, out } = context;
  const { cluster, primaries, style } = await discover(options, context);
  const { text, errors, ok } = checkText(cluster, { ...style, searchMultipleOwners: options.searchMultipleOwners });
  sayUnreachable(cluster, !ok, context);
  out(text);
  // Looked at before any data set is asked for, as valkey-cli 9.1 does.
  if (!statSync(options.directory, { throwIfNoEntry: false })?.isDirectory()) {
    out(isDirectoryText(options.directory, style));
    return ExitCode.Failed;
  }
  const listing = listingOf(cluster);
  for (const node of primaries) out(savingText(labelOf(node, listing, style), style));
  await takeBackup({
    ...options,
    directory: resolve(options.directory),
    cluster,
    plan: {
      sources: primaries.map((primary) => ({ primary, node: primary })),
      problems: planBackup(cluster, { fromReplicas: false }).problems,
      withoutReplica: [],
    },
    connections,
    existing: "in-place",
    mode: { directory: 0o755, files: 0o644 },
    concurrency: 16,
    silence: timeout,
    acl: false,
    partial: true,
    tool: wordingFor(cluster),
    placeOf: (node) => (node.id === cluster.nodes[0]?.id ? options.address : node.address),
    errors,
    signal,
    emit: () => undefined,
  });
  out(savingConfigurationText(options.directory, style));
  if (!ok) out(troubledText(style));
  out(savedText(options.directory, style));
  return ExitCode.Ok;
}
