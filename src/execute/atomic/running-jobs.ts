import { type Node, ServerError } from "../../node/node.ts";
import { dialectsOf } from "./dialect.ts";
import type { Job } from "./job.ts";
import { REDIS } from "./redis.ts";
import { VALKEY } from "./valkey.ts";

/** The atomic migrations that this server takes part in and that go on; none where it has no such thing or does not tell. */
export async function runningJobsOn(server: Node): Promise<readonly Job[]> {
  const [dialect] = await dialectsOf(server);
  if (dialect === undefined) return [];
  const commands = dialect === "valkey" ? VALKEY : REDIS;
  const [outcome] = await server.sendAll([commands.list()]);
  if (outcome === undefined || outcome instanceof ServerError) return [];
  return commands.parse(outcome).filter(({ result }) => result === undefined);
}
