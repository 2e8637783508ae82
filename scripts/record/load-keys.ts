import { Cluster } from "ioredis";

/** Fills a cluster with small strings, evenly over all slots. */
export async function loadKeys(addresses: readonly string[], count: number): Promise<void> {
  const seeds = addresses.map((address) => {
    const [host = "", port] = address.split(":");
    return { host, port: Number(port) };
  });
  const client = new Cluster(seeds, { lazyConnect: true, redisOptions: { protocol: 2 } });
  await client.connect();
  try {
    for (let first = 0; first < count; first += 2000) {
      await Promise.all(Array.from({ length: 2000 }, (_, i) => client.set(`user:${first + i}`, "x".repeat(100))));
    }
  } finally {
    client.disconnect();
  }
}
