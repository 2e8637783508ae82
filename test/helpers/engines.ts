import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { FETCHED_ENGINES, fetchedServer, findServer, type ServerBinary } from "../../src/sandbox/find-server.ts";

/** A server that the tests run against. */
export interface TestEngine {
  /** "redis-7.0" for a fetched one. */
  readonly name: string;
  readonly kind: "redis" | "valkey";
  /** As the server writes it: "7.0.15". */
  readonly version: string;
  /** Path of the server program. */
  readonly server: string;
  /** Path of its own redis-cli or valkey-cli, when that is beside it. */
  readonly cli: string | undefined;
}

/**
 * Every engine that `npm run servers` has fetched, or those that SLOTCTL_TEST_ENGINES names ("redis-7.0,valkey-9.1"),
 * or the one that REDIS_SERVER points to; failing all that, a server on the PATH.
 */
export const ENGINES: readonly TestEngine[] = await findEngines(process.env);

/** The oldest and the newest of them, for what is dear to try and alike everywhere. */
export const BOTH_ENDS: readonly TestEngine[] = [...new Set([ENGINES[0]!, ENGINES.at(-1)!])];

type Environment = Readonly<Record<string, string | undefined>>;

async function findEngines(env: Environment): Promise<readonly TestEngine[]> {
  const named = env.SLOTCTL_TEST_ENGINES?.split(",").map((name) => name.trim());
  if (named !== undefined) return Promise.all(named.map((name) => findEngine(name, env)));
  const fetched = FETCHED_ENGINES.filter((name) => existsSync(fetchedServer(name, env)));
  if (env.REDIS_SERVER || fetched.length === 0) return [await findAny(env)];
  return Promise.all(fetched.map((name) => findEngine(name, env)));
}

async function findEngine(name: string, env: Environment): Promise<TestEngine> {
  if (existsSync(fetchedServer(name, env))) return engineOf(name, await findServer({ server: name, env }));
  throw new Error(`SLOTCTL_TEST_ENGINES names ${name}, which is not installed: run npm run servers -- ${name}`);
}

async function findAny(env: Environment): Promise<TestEngine> {
  try {
    const found = await findServer({ env });
    return engineOf(`${found.engine.name}-${found.engine.version}`, found);
  } catch (cause) {
    const text = "There is no server to test with: run npm run servers, or set REDIS_SERVER to the path of one";
    throw new Error(text, { cause });
  }
}

function engineOf(name: string, { path, engine }: ServerBinary): TestEngine {
  const cli = join(dirname(path), `${engine.name}-cli`);
  return { name, kind: engine.name, version: engine.version, server: path, cli: existsSync(cli) ? cli : undefined };
}
