import { type Redis, Cluster as RedisCluster } from "ioredis";
import type { Address } from "../../src/model/address.ts";

/** A client as an application uses it: it follows MOVED and ASK. */
export function openClient(seeds: readonly Address[]): RedisCluster {
  const client = new RedisCluster(
    seeds.map(({ host, port }) => ({ host, port })),
    { redisOptions: { protocol: 2 }, clusterRetryStrategy: () => 100, maxRedirections: 64, retryDelayOnTryAgain: 20 },
  );
  client.on("error", () => undefined);
  client.on("+node", forgiveAsking);
  return client;
}

/**
 * Before a command that was redirected by ASK, ioredis sends ASKING and looks at nobody's answer: when the connection
 * closes, as it does when a node has left, its rejection is nobody's, and ends the process.
 */
function forgiveAsking(node: Redis): void {
  const asking = node.asking.bind(node);
  node.asking = () => {
    const answer = asking();
    answer.catch(() => undefined);
    return answer;
  };
}

/** What a key holds, as bytes, and when it expires: 0 for never, else the moment in milliseconds. */
export interface Stored {
  readonly key: Buffer;
  readonly dump: Buffer;
  readonly expiresAt: number;
}

const HOURS = 3_600_000;

/** Keys of every type, with names that are no text and with times to live; about `count` of them over all slots. */
export async function loadDataSet(client: RedisCluster, count: number): Promise<readonly Buffer[]> {
  const keys = Array.from({ length: count }, (_, i) => keyFor(i));
  for (let first = 0; first < count; first += 500) {
    await Promise.all(keys.slice(first, first + 500).map((key, i) => store(client, key, first + i)));
  }
  const big = Buffer.from("big hash");
  const fields = Array.from({ length: 2000 }, (_, i) => [`field ${i}`, "v".repeat(1000)]);
  await client.hset(big, ...fields.flat());
  return [...keys, big];
}

/** Plain, with blanks, with a NUL and a newline, with bytes that are no UTF-8, and tagged. */
function keyFor(i: number): Buffer {
  switch (i % 5) {
    case 0:
      return Buffer.from(`key:${i}`);
    case 1:
      return Buffer.from(`a key with blanks ${i} and "quotes"`);
    case 2:
      return Buffer.concat([Buffer.from([0, 10, 13]), Buffer.from(String(i))]);
    case 3:
      return Buffer.concat([Buffer.from([0xff, 0xfe, 0xc3]), Buffer.from(String(i))]);
    default:
      return Buffer.from(`{tag ${i % 400}}:${i}`);
  }
}

async function store(client: RedisCluster, key: Buffer, i: number): Promise<void> {
  const value = `value ${i}`;
  switch (i % 8) {
    case 0:
      await client.hset(key, "a", value, "b", String(i));
      break;
    case 1:
      await client.rpush(key, value, "x", "y");
      break;
    case 2:
      await client.sadd(key, value, "x", "y");
      break;
    case 3:
      await client.zadd(key, i, value, i + 0.5, "y");
      break;
    case 4:
      await client.xadd(key, "1-1", "field", value);
      await client.xgroup("CREATE", key, "group", "0");
      break;
    case 5:
      await client.pfadd(key, value, "x", "y");
      break;
    default:
      await client.set(key, value);
  }
  if (i % 3 === 0) await client.pexpireat(key, Date.now() + HOURS + i);
}

/** What the cluster holds under these keys now. A missing key is missing in the answer. */
export async function readDataSet(client: RedisCluster, keys: readonly Buffer[]): Promise<readonly Stored[]> {
  const found: Stored[] = [];
  for (let first = 0; first < keys.length; first += 500) {
    const part = await Promise.all(keys.slice(first, first + 500).map((key) => readKey(client, key)));
    found.push(...part.filter((stored) => stored !== undefined));
  }
  return found;
}

async function readKey(client: RedisCluster, key: Buffer): Promise<Stored | undefined> {
  const [type, dump, left] = await Promise.all([client.type(key), client.dumpBuffer(key), client.pttl(key)]);
  if (dump === null) return undefined;
  return { key, dump: await contentOf(client, key, type, dump), expiresAt: left < 0 ? 0 : Date.now() + left };
}

/** Sets and hashes have no order: after a move their DUMP may differ though they hold the same. */
async function contentOf(client: RedisCluster, key: Buffer, type: string, dump: Buffer): Promise<Buffer> {
  if (type === "set") return Buffer.from(JSON.stringify((await client.smembers(key)).sort()));
  if (type === "hash") return Buffer.from(JSON.stringify(Object.entries(await client.hgetall(key)).sort()));
  return dump;
}

/** How two readings differ, in words; empty when they hold the same. Expiry may be off by what reading takes. */
export function differencesOf(before: readonly Stored[], after: readonly Stored[]): readonly string[] {
  const found = new Map(after.map((stored) => [stored.key.toString("latin1"), stored]));
  const lost = before.filter(({ key }) => !found.has(key.toString("latin1")));
  const changed = before.filter(({ key, dump }) => found.get(key.toString("latin1"))?.dump.equals(dump) === false);
  const expiry = before.filter(({ key, expiresAt }) => {
    const then = found.get(key.toString("latin1"));
    return then !== undefined && Math.abs(then.expiresAt - expiresAt) > 30_000;
  });
  return [
    ...lost.map(({ key }) => `lost ${JSON.stringify(key.toString("latin1"))}`),
    ...changed.map(({ key }) => `changed ${JSON.stringify(key.toString("latin1"))}`),
    ...expiry.map(({ key }) => `expires otherwise ${JSON.stringify(key.toString("latin1"))}`),
  ];
}

/** Somebody who goes on writing, and remembers each write that was acknowledged. */
export class Writer {
  readonly #client: RedisCluster;
  readonly #acknowledged = new Map<string, number>();
  readonly #running: Promise<void>[];
  #stopped = false;

  constructor(
    client: RedisCluster,
    { writers = 4, keys = 2000 }: { readonly writers?: number; readonly keys?: number } = {},
  ) {
    this.#client = client;
    this.#running = Array.from({ length: writers }, (_, w) => this.#write(w, keys));
  }

  async #write(writer: number, keys: number): Promise<void> {
    for (let n = 1; !this.#stopped; n++) {
      const key = `counter:${writer}:${(n * 7919) % keys}`;
      try {
        await this.#client.set(key, String(n));
        this.#acknowledged.set(key, n);
      } catch {
        // It may have been written or not: whatever it is from now on, it is not promised.
        this.#acknowledged.delete(key);
      }
    }
  }

  get count(): number {
    return this.#acknowledged.size;
  }

  /** Stops, and returns every key whose last acknowledged write is not what the cluster holds. */
  async lost(): Promise<readonly string[]> {
    this.#stopped = true;
    await Promise.all(this.#running);
    const checked = await Promise.all(
      [...this.#acknowledged].map(async ([key, n]) => ((await this.#client.get(key)) === String(n) ? [] : [key])),
    );
    return checked.flat();
  }
}
