import { parseInfo } from "../../model/parse-info.ts";
import { type Node, ServerError } from "../../node/node.ts";

/** What servers do about a SETSLOT besides doing it. */
export interface SetSlotHabits {
  /** It has replicas and asks them before it takes a SETSLOT, as Valkey does from 8.0 on. */
  readonly asksReplicas: boolean;
  /**
   * It tells every node of each slot that it has imported, in a packet of its own that all of them look through (Redis,
   * clusterBroadcastPong in `CLUSTER SETSLOT <slot> NODE`); Valkey 8 waits for the end of its event loop with that.
   */
  readonly tellsOfEachSlot: boolean;
  /**
   * A slot that it has marked as claimed by nobody (`owner_not_claiming_slot`) keeps that mark when it gets another
   * owner by SETSLOT: Redis 7.0 and 7.2, the latter until redis/redis#12564.
   */
  readonly keepsMarks: boolean;
}

export async function setSlotHabitsOf(node: Node): Promise<SetSlotHabits> {
  const replies = await node.sendAll([
    ["INFO", "server"],
    ["INFO", "replication"],
  ]);
  const fields = parseInfo(replies.filter((reply) => !(reply instanceof ServerError)).join("\n"));
  const isValkey8 = Number.parseInt(fields.get("valkey_version") ?? "0", 10) >= 8;
  const [major, minor] = (fields.get("redis_version") ?? "").split(".").map(Number);
  const isValkey = fields.has("valkey_version");
  return {
    asksReplicas: isValkey8 && Number(fields.get("connected_slaves")) > 0,
    tellsOfEachSlot: !isValkey8 && fields.has("redis_version"),
    keepsMarks: !isValkey && major === 7 && minor !== undefined && minor <= 2,
  };
}
