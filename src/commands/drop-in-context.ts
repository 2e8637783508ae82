import { ExitCode, SlotctlError } from "../errors.ts";
import type { Address } from "../model/address.ts";
import type { Cluster } from "../model/cluster.ts";
import type { Connections } from "../node/connections.ts";
import { ServerError } from "../node/node.ts";
import { type RedisCliStyle, redisCliAddress, redisCliLine, type Wording } from "../view/redis-cli/style.ts";

/** What a command needs that speaks as redis-cli does. */
export interface DropInContext {
  readonly connections: Connections;
  readonly signal: AbortSignal;
  /** Milliseconds that the cluster is waited for. */
  readonly timeout: number;
  readonly colour: boolean;
  readonly out: (text: string) => void;
  readonly talk: (text: string) => void;
  /** Whether stderr is a terminal. Without one it stays empty on success: callers take any line there for a failure. */
  readonly isTerminal: boolean;
  /** The next line of standard input; undefined at its end. */
  readonly readLine: () => Promise<string | undefined>;
}

/** Its own tool says some things otherwise since then. */
export function isSinceValkey91({ nodes }: Pick<Cluster, "nodes">): boolean {
  const facts = nodes.find((node) => node.facts !== undefined)?.facts;
  const [major = 0, minor = 0] = facts?.version.split(".").map(Number) ?? [];
  return facts?.engine === "valkey" && (major > 9 || (major === 9 && minor >= 1));
}

/** Valkey's own tool has spoken of primaries and replicas since 8.0. */
export function wordingFor({ nodes }: Pick<Cluster, "nodes">): Wording {
  const facts = nodes.find((node) => node.facts !== undefined)?.facts;
  return facts?.engine === "valkey" && Number.parseInt(facts.version, 10) >= 8 ? "valkey" : "redis";
}

/**
 * As redis-cli reads a confirmation: anything that begins with "yes" is one.
 * @throws SlotctlError when the question is interrupted: no answer at all is not the same as "no"
 */
export async function isConfirmed(question: string, context: DropInContext): Promise<boolean> {
  const text = await answerTo(question, context);
  if (context.signal.aborted) {
    throw new SlotctlError("Interrupted: nothing was changed", { code: "INTERRUPTED", exitCode: ExitCode.Declined });
  }
  return text?.startsWith("yes") === true;
}

/** Asks, and reads one line; undefined at the end of the input, and when the run is interrupted meanwhile. */
export async function answerTo(
  question: string,
  { out, readLine, signal }: DropInContext,
): Promise<string | undefined> {
  out(question);
  const interrupted = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
  return (await Promise.race([readLine(), interrupted]))?.trim();
}

/** Why a node could not be asked, as redis-cli words it and on the stream that it uses for it. */
export function sayFailure(error: SlotctlError, address: Address, context: DropInContext): void {
  const { code, message, details } = error;
  const refusal = error.cause instanceof ServerError ? error.cause.message : undefined;
  if (refusal !== undefined || code === NOT_A_CLUSTER_NODE || error.exitCode === ExitCode.Unreachable) {
    sayUnusable({ code, message, refusal }, redisCliAddress(address), context);
  } else {
    context.talk(`[ERR] ${[message, ...details].join("\n      ")}\n`);
  }
}

/** Why a node is of no use. */
export interface Unusable {
  readonly code: string | undefined;
  readonly message: string;
  /** What it answered, if it did. */
  readonly refusal: string | undefined;
}

const NOT_A_CLUSTER_NODE = "NOT_A_CLUSTER_NODE";

export function sayUnusable(why: Unusable, name: string, context: DropInContext, wording: Wording = "redis"): void {
  const { code, refusal } = why;
  const sayError = (text: string) => context.out(redisCliLine("error", text, context));
  if (code === NOT_A_CLUSTER_NODE) sayError(`[ERR] Node ${name} is not configured as a cluster node.`);
  else if (refusal === undefined) context.talk(`${connectText(why, name, wording)}\n`);
  else if (isNotLetIn(why)) sayError(`Node ${name} replied with error:\n${refusal}`);
  else sayError(`[ERR] Node ${name} ${refusal}`);
}

/** Whether redis-cli would have no connection to it: nobody answers there, or it takes no login. */
export function isNotLetIn({ code, refusal }: Partial<Unusable>): boolean {
  return code !== NOT_A_CLUSTER_NODE && (refusal === undefined || code === "AUTH_FAILED");
}

/** "Could not connect to Redis at 127.0.0.1:7000: Connection refused" */
export function connectText(
  { message }: Pick<SlotctlError, "message">,
  name: string,
  wording: Wording = "redis",
): string {
  const why = /^Could not connect to \S+: (.*)$/.exec(message)?.[1] ?? message;
  return `Could not connect to ${wording === "redis" ? "Redis" : "Valkey"} at ${name}: ${why.charAt(0).toUpperCase()}${why.slice(1)}`;
}

/** Tells which nodes could not be reached; on a terminal always, elsewhere only beside a failure. */
export function sayUnreachable(cluster: Cluster, failed: boolean, { talk, isTerminal }: DropInContext): void {
  if (!failed && !isTerminal) return;
  for (const { unreachable, dial } of cluster.nodes) {
    if (unreachable !== undefined) talk(`${connectText(unreachable, redisCliAddress(dial), wordingFor(cluster))}\n`);
  }
}

export function styleFor(cluster: Pick<Cluster, "nodes">, { colour }: DropInContext): RedisCliStyle {
  return { wording: wordingFor(cluster), colour };
}
