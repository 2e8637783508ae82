import { parseInfo } from "../../model/parse-info.ts";
import { type Node, ServerError } from "../../node/node.ts";

/** Whether the server has replicas and asks them before it takes a SETSLOT, as Valkey does from 8.0 on. */
export async function asksReplicas(node: Node): Promise<boolean> {
  const replies = await node.sendAll([
    ["INFO", "server"],
    ["INFO", "replication"],
  ]);
  const fields = parseInfo(replies.filter((reply) => !(reply instanceof ServerError)).join("\n"));
  return Number.parseInt(fields.get("valkey_version") ?? "0", 10) >= 8 && Number(fields.get("connected_slaves")) > 0;
}
