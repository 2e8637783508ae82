import { ExitCode, SlotctlError } from "../../errors.ts";
import { formatAddress } from "../../model/address.ts";
import type { NodeLine, View } from "../../model/cluster.ts";
import { parseInfo } from "../../model/parse-info.ts";
import { waitUntil } from "../../node/wait-until.ts";
import type { MoveSlots } from "../../plan/plan.ts";
import { type Executor, nodeOf } from "../executor.ts";

/**
 * A target of Valkey that has taken over from a primary that died while it imported: that one claims, when it comes back
 * and finds a move finished, all that it owned before, with a new config epoch, and the target drops every key (seen on
 * 9.1). Once it is a replica that follows, it hears of each slot from the target before anybody else does. So it is
 * waited for.
 * @throws SlotctlError FORMER_PRIMARY_AWAY, exit code 3, when one stays away
 */
export async function awaitFormerPrimaries({ to }: MoveSlots, target: View, executor: Executor): Promise<void> {
  const former = target.lines.filter(({ id }) => to.formerly?.includes(id) === true);
  if (former.length === 0) return;
  const node = await nodeOf(executor, to);
  let away: readonly NodeLine[] = former;
  const done = await waitUntil(async () => {
    const fields = parseInfo(String(await node.send("INFO", "server")));
    if (!fields.has("valkey_version")) return true;
    const followers = onlineReplicas(String(await node.send("INFO", "replication")));
    away = former.filter(({ host, port }) => !followers.has(`${host}:${port}`));
    if (away.length === 0) return true;
    executor.emit({ type: "waiting", on: "replica-links", done: former.length - away.length, total: former.length });
    return undefined;
  }, executor);
  if (done === undefined) throw formerPrimaryAway(away[0]!, to);
}

/** "slave0:ip=127.0.0.1,port=7001,state=online,offset=…" */
function onlineReplicas(replication: string): ReadonlySet<string> {
  const lines = [...replication.matchAll(/^slave\d+:ip=([^,]*),port=(\d+),state=online/gm)];
  return new Set(lines.map(([, host, port]) => `${host}:${port}`));
}

function formerPrimaryAway({ host, port, id }: NodeLine, to: MoveSlots["to"]): SlotctlError {
  const name = `${formatAddress({ host, port })} (${id.slice(0, 8)})`;
  return new SlotctlError(
    `${name}, whose place ${formatAddress(to.address)} has taken, does not follow it: were the moves finished now, it could claim all its slots on its return, and their keys would be dropped`,
    {
      code: "FORMER_PRIMARY_AWAY",
      exitCode: ExitCode.Unhealthy,
      hint: "Start it first, then slotctl resume; if it never comes back, slotctl forget it; or slotctl fix takes the moves back",
    },
  );
}
