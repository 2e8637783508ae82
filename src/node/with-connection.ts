import type { Address } from "../model/address.ts";
import type { Network } from "./network.ts";
import type { Node } from "./node.ts";

/**
 * Opens a connection for this work alone, made for many small commands in one write, and closes it afterwards. On one
 * that others share the same commands cost several times as much, and a SELECT would disturb them.
 * @throws SlotctlError when it cannot be opened, and whatever `work` throws
 */
export async function withConnection<Result>(
  network: Pick<Network, "open" | "settings">,
  dial: Address,
  work: (server: Node) => Promise<Result>,
): Promise<Result> {
  const server = await network.open(dial, network.settings.commandTimeout);
  try {
    return await work(server);
  } finally {
    server.close();
  }
}
