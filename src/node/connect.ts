import { Socket } from "node:net";
import type { Redis, RedisOptions } from "ioredis";
import type { Address } from "../model/address.ts";
import { connectFailure, serverClosed, serverSilent } from "./failures.ts";
import { logIn, tlsOptions } from "./log-in.ts";
import { type BinaryReply, type Command, type Node, type Outcome, type Reply, ServerError } from "./node.ts";

export interface Credentials {
  readonly user?: string | undefined;
  readonly password: string;
}

/** PEM texts, already read from their files. */
export interface TlsSettings {
  readonly ca?: string | readonly string[] | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly serverName?: string | undefined;
  readonly insecure?: boolean | undefined;
  /** Cipher names as OpenSSL writes them, with colons between. */
  readonly ciphers?: string | undefined;
}

export interface ConnectSettings {
  readonly credentials?: Credentials | undefined;
  readonly tls?: TlsSettings | undefined;
  /** Milliseconds for the TCP and TLS handshakes. */
  readonly connectTimeout: number;
  /** Milliseconds for the answer to a command. */
  readonly commandTimeout: number;
  readonly family?: 4 | 6 | undefined;
}

/**
 * Opens a connection and logs in.
 * @throws SlotctlError, exit code 4, that says in one line why it could not and in a hint what to look at
 */
export async function connect(address: Address, settings: ConnectSettings): Promise<Node> {
  // Loaded late: a run that asks no server is done sooner without it.
  const ioredis = await import("ioredis");
  const redis = new ioredis.Redis(redisOptions(address, settings));
  let lastError: unknown;
  // ioredis prints errors that nobody listens to; the reason also comes only this way.
  redis.on("error", (error: unknown) => {
    lastError = error;
  });
  try {
    await redis.connect();
  } catch (error) {
    throw connectFailure(address, settings, lastError ?? error);
  }
  const node = new RedisNode(address, settings, redis, () => lastError);
  await logIn(node, settings);
  return node;
}

function redisOptions(address: Address, { tls, connectTimeout, commandTimeout, family }: ConnectSettings) {
  const isSocket = address.host.startsWith("/");
  return {
    ...(isSocket ? { path: address.host } : { host: address.host, port: address.port }),
    ...(family === undefined ? {} : { family }),
    ...(tls === undefined || isSocket ? {} : { tls: tlsOptions(tls) }),
    lazyConnect: true,
    connectTimeout,
    commandTimeout,
    // A closed connection must not keep the process alive; nothing is left unsent when we close one.
    disconnectTimeout: 50,
    // RESP2 needs no HELLO, which a server that wants a password would refuse.
    protocol: 2,
    enableReadyCheck: false,
    disableClientInfo: true,
    enableOfflineQueue: false,
    // A command whose answer was lost may have been carried out: it is never sent again blindly.
    autoResendUnfulfilledCommands: false,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
  } satisfies RedisOptions;
}

class RedisNode implements Node {
  readonly address: Address;
  readonly remoteHost: string | undefined;
  readonly #settings: ConnectSettings;
  readonly #redis: Redis;
  readonly #lastError: () => unknown;

  constructor(address: Address, settings: ConnectSettings, redis: Redis, lastError: () => unknown) {
    this.address = address;
    this.remoteHost = redis.stream instanceof Socket ? redis.stream.remoteAddress : undefined;
    this.#settings = settings;
    this.#redis = redis;
    this.#lastError = lastError;
  }

  async send(...[name, ...args]: Command): Promise<Reply> {
    try {
      return (await this.#redis.call(String(name), args)) as Reply;
    } catch (error) {
      throw this.#explain(error);
    }
  }

  sendAll(commands: readonly Command[]): Promise<readonly Outcome[]> {
    return this.#sendAll<Reply>(commands, "call");
  }

  sendAllBinary(commands: readonly Command[]): Promise<readonly (BinaryReply | ServerError)[]> {
    return this.#sendAll<BinaryReply>(commands, "callBuffer");
  }

  async #sendAll<Answer>(
    commands: readonly Command[],
    how: "call" | "callBuffer",
  ): Promise<readonly (Answer | ServerError)[]> {
    if (commands.length === 0) return [];
    const results = await this.#execute(commands, how);
    return results.map(([error, reply]) => {
      if (error === null) return reply as Answer;
      const explained = this.#explain(error);
      if (explained instanceof ServerError) return explained;
      throw explained;
    });
  }

  async #execute(commands: readonly Command[], how: "call" | "callBuffer"): Promise<[Error | null, unknown][]> {
    const pipeline = this.#redis.pipeline();
    for (const [name, ...args] of commands) pipeline[how](String(name), args);
    try {
      return (await pipeline.exec()) ?? [];
    } catch (error) {
      throw this.#explain(error);
    }
  }

  close(): void {
    this.#redis.disconnect();
  }

  #explain(error: unknown): Error {
    if (!(error instanceof Error)) return new Error(String(error));
    if (error.name === "ReplyError") return new ServerError(error.message);
    if (error.message === "Command timed out") {
      // Whatever it answers later belongs to a question that nobody waits for any more.
      this.close();
      return serverSilent(this.address, this.#settings.commandTimeout, error);
    }
    return serverClosed(this.address, this.#settings, this.#lastError() ?? error);
  }
}
