import { ExitCode, SlotctlError } from "../errors.ts";
import type { WriteOutcome } from "../execute/transfer/entry.ts";
import { importKeys } from "../execute/transfer/import-keys.ts";
import { type Address, formatAddress } from "../model/address.ts";
import { quotedText } from "../model/quoted-text.ts";
import { Connections } from "../node/connections.ts";
import { ServerError } from "../node/node.ts";
import { keysToImport } from "../plan/import.ts";
import { type FoundSource, surveySource } from "../survey/import-ends.ts";
import {
  clusterSourceText,
  importCountText,
  importingText,
  migratingText,
  notMigratedText,
  sourceErrorText,
} from "../view/redis-cli/import-text.ts";
import { labelOf, listingOf } from "../view/redis-cli/listing.ts";
import { redisCliAddress } from "../view/redis-cli/style.ts";
import type { DropInCheckOptions } from "./drop-in-check.ts";
import { connectText, type DropInContext, sayFailure } from "./drop-in-context.ts";
import { discover, passesCheck, type Scene } from "./drop-in-moves.ts";
import { planOrRefuse } from "./import.ts";

export interface DropInImportOptions extends DropInCheckOptions {
  readonly from: Address;
  readonly fromUser?: string | undefined;
  readonly fromPassword?: string | undefined;
  readonly copy: boolean;
  readonly replace: boolean;
  /** Milliseconds for one answer. */
  readonly timeout: number;
}

/** `--cluster import`: moves database 0 of a standalone server, or copies it with --cluster-copy. It never asks. */
export async function dropInImport(options: DropInImportOptions, context: DropInContext): Promise<ExitCode> {
  const { address, from } = options;
  context.out(importingText(from, address, context));
  const scene = await discover(options, context);
  if (!passesCheck(scene, options, { quiet: false, context })) return ExitCode.Failed;
  using source = new Connections(sourceSettings(options, context));
  const found = await findSource(from, source, context);
  if (found === undefined) return ExitCode.Failed;
  if (found.kind === "cluster") {
    context.out(clusterSourceText(context));
    return ExitCode.Failed;
  }
  return await copyKeys(options, { scene, found, source, context });
}

/** As in redis-cli the source is asked without TLS, and a user without a password means no login. */
function sourceSettings({ fromUser, fromPassword }: DropInImportOptions, { connections }: DropInContext) {
  const credentials = fromPassword === undefined ? undefined : { user: fromUser, password: fromPassword };
  return { ...connections.settings, tls: undefined, credentials };
}

async function findSource(
  from: Address,
  source: Connections,
  context: DropInContext,
): Promise<FoundSource | undefined> {
  try {
    return await surveySource(from, source);
  } catch (error) {
    if (!(error instanceof SlotctlError)) throw error;
    if (error.cause instanceof ServerError && error.code !== "AUTH_FAILED") {
      context.out(sourceErrorText(from, error.cause.message, context));
      return undefined;
    }
    if (error.exitCode === ExitCode.Unreachable && error.code !== "AUTH_FAILED") {
      // Of this connection, and no other, with a full stop.
      context.talk(`${connectText(error, redisCliAddress(from))}.\n`);
    } else {
      sayFailure(error, from, context);
    }
    return undefined;
  }
}

interface Copying {
  readonly scene: Scene;
  readonly found: FoundSource;
  readonly source: Connections;
  readonly context: DropInContext;
}

async function copyKeys(options: DropInImportOptions, { scene, found, source, context }: Copying): Promise<ExitCode> {
  const { copy, replace, timeout } = options;
  const { cluster } = scene;
  const { connections, signal, out, talk, isTerminal } = context;
  // A key that is there already stops redis-cli whatever it holds, so its value is not looked at.
  const request = { database: 0, move: !copy, existing: replace ? "replace" : "skip", match: undefined } as const;
  const plan = await planOrRefuse(request, { cluster, found, connections, source });
  out(importCountText(keysToImport(plan), context));
  if (isTerminal)
    for (const { database, keys } of plan.left) talk(`Database ${database} holds ${keys} keys that are not imported\n`);
  const teller = tellerOf(options.from, scene, context);
  const report = await importKeys({
    plan,
    cluster,
    target: connections,
    source,
    // One after the other, so that the lines come in the order of redis-cli.
    limits: { concurrency: 1, keysPerSecond: undefined },
    verification: "sample",
    timeout: timeout > 0 ? timeout : LEAST_TIMEOUT_MS,
    signal,
    emit: () => undefined,
    onBatch: teller,
  });
  const { skipped } = report.counts;
  for (const { key, why } of report.troubles) talk(`[ERR] Key ${quotedText(key)}: ${why ?? "it was not imported"}\n`);
  return report.troubles.length === 0 && skipped === 0 ? ExitCode.Ok : ExitCode.Failed;
}

/** What the servers make of a MIGRATE with a timeout of 0. */
const LEAST_TIMEOUT_MS = 1000;

const BUSY = "ERR Target instance replied with error: BUSYKEY Target key name already exists.";

type Teller = (keys: readonly Buffer[], outcomes: readonly (WriteOutcome | undefined)[]) => boolean;

/** Tells of a batch, and whether it may go on. What went well is told first: it was under way together. */
function tellerOf(from: Address, { cluster, style }: Scene, { out, colour }: DropInContext): Teller {
  const listing = listingOf(cluster);
  const names = new Map(cluster.nodes.map((node) => [formatAddress(node.dial), labelOf(node, listing, style)]));
  const nameOf = (at: Address) => names.get(formatAddress(at)) ?? redisCliAddress(at);
  return (keys, outcomes) => {
    const lines: string[] = [];
    let stopped: string | undefined;
    for (const [i, outcome] of outcomes.entries()) {
      if (outcome === undefined) continue;
      const key = keys[i]!;
      const target = nameOf(outcome.at);
      const why = outcome.kind === "refused" ? `ERR Target instance replied with error: ${outcome.why}` : BUSY;
      if (outcome.kind === "written") lines.push(migratingText(key, target, { colour }));
      else stopped ??= notMigratedText(key, target, { source: from, why, colour });
    }
    out([...lines, stopped ?? ""].join(""));
    return stopped === undefined;
  };
}
