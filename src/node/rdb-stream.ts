import type { Socket } from "node:net";
import type { Address } from "../model/address.ts";
import { commandBytes } from "./command-bytes.ts";
import type { ConnectSettings } from "./connect.ts";
import { rdbCutShort, serverClosed, serverRefused, serverSilent } from "./failures.ts";
import { type Command, ServerError } from "./node.ts";
import { openSocket } from "./pipelined-node.ts";
import { type Answer, RdbFraming } from "./rdb-framing.ts";

export interface RdbStreamOptions {
  /**
   * Milliseconds without a sign of life. A server that makes the file ready sends one every repl-ping-replica-period,
   * 10 s unless it is told otherwise.
   */
  readonly silence: number;
  readonly signal: AbortSignal;
}

/** An RDB file on its way. */
export interface RdbStream extends Disposable {
  /** Bytes in all, known since the first part; undefined for a server that sends it while it makes it. */
  readonly expected: number | undefined;
  /**
   * Its parts, read no faster than they are asked for.
   * @throws SlotctlError when the server refuses, falls silent, or leaves before the end
   */
  parts(): AsyncGenerator<Buffer, void>;
}

/**
 * Asks a server for a snapshot of its data set as a replica does, the way of `redis-cli --rdb`. Since 7.0 a server that
 * is told `rdb-only` keeps no writes for us; `capa eof` lets one that is set to (repl-diskless-sync) send without
 * writing to its own disk first. Both are passed over by a server that does not know them.
 * @throws SlotctlError, exit code 4, when it cannot be connected to
 */
export async function openRdbStream(
  address: Address,
  settings: ConnectSettings,
  { silence, signal }: RdbStreamOptions,
): Promise<RdbStream> {
  const socket = await openSocket(address, settings);
  const { commands, answers } = requestFor(settings);
  const framing = new RdbFraming(answers);
  socket.write(commandBytes(commands));
  return {
    get expected() {
      return framing.expected;
    },
    parts: () => partsOf({ socket, framing, address, settings, silence, signal }),
    [Symbol.dispose]: () => socket.destroy(),
  };
}

function requestFor({ credentials }: ConnectSettings) {
  const { user, password } = credentials ?? {};
  const login: readonly Command[] =
    password === undefined ? [] : [["AUTH", ...(user === undefined ? [] : [user]), password]];
  const commands: readonly Command[] = [...login, ["REPLCONF", "capa", "eof"], ["REPLCONF", "rdb-only", 1]];
  const answers: readonly Answer[] = [...login.map(() => "must-be-ok" as const), "may-be-refused", "may-be-refused"];
  return { commands, answers };
}

interface Transfer extends RdbStreamOptions {
  readonly socket: Socket;
  readonly framing: RdbFraming;
  readonly address: Address;
  readonly settings: ConnectSettings;
}

async function* partsOf(transfer: Transfer): AsyncGenerator<Buffer, void> {
  const { socket, framing, address, settings, signal } = transfer;
  const abort = () => socket.destroy(signal.reason as Error);
  signal.addEventListener("abort", abort, { once: true });
  let bytes = 0;
  let asked = false;
  try {
    signal.throwIfAborted();
    for await (const chunk of watched(transfer)) {
      const part = framing.push(chunk);
      if (framing.isReady && !asked) {
        asked = true;
        socket.write(commandBytes([["SYNC"]]));
      }
      bytes += part.length;
      if (part.length > 0) yield part;
      if (framing.isDone) return;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw explain(error, transfer, bytes);
  } finally {
    signal.removeEventListener("abort", abort);
    socket.destroy();
  }
  throw bytes === 0
    ? serverClosed(address, settings, new Error("Connection is closed."))
    : rdbCutShort(address, bytes, framing.expected, undefined);
}

/** The chunks of the socket. Silence counts only while it is listened to: a slow disk is no fault of the server's. */
async function* watched({ socket, address, silence }: Transfer): AsyncGenerator<Buffer, void> {
  let listening = true;
  socket.setTimeout(silence);
  socket.on("timeout", () => {
    if (listening) socket.destroy(serverSilent(address, silence, undefined));
    else socket.setTimeout(silence);
  });
  for await (const chunk of socket) {
    listening = false;
    yield chunk as Buffer;
    listening = true;
  }
}

function explain(error: unknown, { address, settings, framing }: Transfer, bytes: number): unknown {
  if (error instanceof ServerError) return serverRefused(address, error);
  if (!(error instanceof Error) || error.name === "SlotctlError") return error;
  return bytes === 0 ? serverClosed(address, settings, error) : rdbCutShort(address, bytes, framing.expected, error);
}
