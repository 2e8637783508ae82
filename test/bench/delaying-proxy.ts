import { createServer, type Server, Socket } from "node:net";
import { eventually } from "../helpers/eventually.ts";
import type { TestServer } from "../helpers/test-server.ts";

/** What a command waits for its answer in a data centre. The whole of it is put on the way there. */
const ROUND_TRIP_MS = 1;

export interface Delayed extends AsyncDisposable {
  /** Where the nodes are reached now, in the order given. */
  readonly addresses: readonly string[];
}

/**
 * Puts a proxy before each node that holds back what is sent to it, and lets every node announce its proxy: clients and
 * MIGRATE go through it, the cluster bus does not. Afterwards the nodes announce themselves again.
 */
export async function announceDelayed(nodes: readonly TestServer[]): Promise<Delayed> {
  const proxies = await Promise.all(nodes.map((node) => listen(node)));
  const ports = proxies.map((proxy) => portOf(proxy));
  await announce(nodes, ports);
  return {
    addresses: ports.map((port, i) => `${nodes[i]!.host}:${port}`),
    [Symbol.asyncDispose]: async () => {
      await announce(
        nodes,
        nodes.map(({ port }) => port),
      );
      for (const proxy of proxies) proxy.close();
    },
  };
}

function listen({ host, port }: TestServer): Promise<Server> {
  const server = createServer((client) => {
    const node = new Socket();
    for (const socket of [client, node]) {
      socket.setNoDelay(true);
      socket.on("error", () => undefined);
    }
    node.connect(port, host);
    client.on(
      "data",
      delayed((chunk) => void node.write(chunk)),
    );
    node.on("data", (chunk) => void client.write(chunk));
    client.on("close", () => node.destroy());
    node.on("close", () => client.destroy());
  });
  return new Promise((resolve) => server.listen(0, host, () => resolve(server.unref())));
}

/** Hands on each chunk a round trip after it came, in order: timers of the same length fire in the order they were set. */
function delayed(hand: (chunk: Buffer) => void): (chunk: Buffer) => void {
  return (chunk) => void setTimeout(hand, ROUND_TRIP_MS, chunk);
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function announce(nodes: readonly TestServer[], ports: readonly number[]): Promise<void> {
  await Promise.all(nodes.map((node, i) => node.call("CONFIG", "SET", "cluster-announce-port", ports[i]!)));
  const everywhere = async () => {
    const views = await Promise.all(nodes.map(async (node) => String(await node.call("CLUSTER", "NODES"))));
    if (!views.every((view) => ports.every((port) => view.includes(`:${port}@`)))) throw new Error("not told yet");
  };
  await eventually(everywhere);
}
