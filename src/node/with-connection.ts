import type { Address } from "../model/address.ts";
import type { Network } from "./network.ts";
import { type BulkNode, isBulk } from "./pipelined-node.ts";

/**
 * Does this work on a connection made for many small commands in one write: the shared one where it is such, else one of
 * its own, for on an ordinary one they cost several times as much. A SELECT of the work must go out in one write with
 * what depends on it, and with the SELECT 0 after that.
 * @throws SlotctlError when it cannot be opened, and whatever `work` throws
 */
export async function withConnection<Result>(
  network: Pick<Network, "to" | "open" | "settings">,
  dial: Address,
  work: (server: BulkNode) => Promise<Result>,
): Promise<Result> {
  const shared = await network.to(dial);
  if (isBulk(shared)) return work(shared);
  const server = await network.open(dial, network.settings.commandTimeout);
  try {
    return await work(server);
  } finally {
    server.close();
  }
}
