import { createServer as createHttp } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import type { Address } from "../../src/model/address.ts";
import { freePorts } from "./free-ports.ts";
import { resp, takeRequest } from "./resp.ts";

/**
 * Raw bytes to send, which need not be right (see resp.ts for those that are), or what to do instead: "close" at once,
 * "half-close" (say that nothing more will come, but go on listening), or "silence". With `next` the bytes come first.
 */
export type Answer = string | Buffer | { readonly send: string | Buffer; readonly next: "close" | "half-close" };

/** Decides on one request. `connection` counts from 1. */
export type Handler = (argv: readonly Buffer[], connection: number) => Answer | Promise<Answer>;

export interface FakeServer extends AsyncDisposable {
  readonly address: Address;
  readonly host: string;
  readonly port: number;
}

export interface ScriptedServer extends FakeServer {
  /** Every request so far, as text. */
  readonly calls: readonly (readonly string[])[];
}

/** A server that answers as the test says: for what no real one can be made to do on cue. */
export async function startScriptedServer(
  handler: Handler,
  { host = "127.0.0.1" }: { readonly host?: string } = {},
): Promise<ScriptedServer> {
  const calls: string[][] = [];
  let connections = 0;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const connection = ++connections;
    void serve(socket, (argv) => {
      calls.push(argv.map(String));
      return handler(argv, connection);
    });
  });
  return { ...(await listen(server, host)), calls };
}

/**
 * A handler that looks the answer up by the first words of the request, the longest match first: "CLUSTER NODES",
 * then "CLUSTER". What is not in the list gets the error that a server gives.
 */
export function scriptOf(answers: Readonly<Record<string, Answer | Handler>>): Handler {
  return (argv, connection) => {
    const words = argv.map(String);
    const names = words.map((_, i) =>
      words
        .slice(0, words.length - i)
        .join(" ")
        .toUpperCase(),
    );
    const answer = answers[names.find((name) => name in answers) ?? ""];
    if (answer === undefined) return resp.error(`ERR unknown command '${words[0]}'`);
    return typeof answer === "function" ? answer(argv, connection) : answer;
  };
}

/** Request by request, as a server does it, however they are cut into packets. */
async function serve(socket: Socket, answer: (argv: readonly Buffer[]) => Answer | Promise<Answer>): Promise<void> {
  let bytes = Buffer.alloc(0);
  try {
    for await (const chunk of socket) {
      bytes = Buffer.concat([bytes, chunk]);
      for (let request = takeRequest(bytes); request !== undefined; request = takeRequest(bytes)) {
        bytes = Buffer.from(request.rest);
        give(socket, await answer(request.argv));
      }
    }
    socket.end();
  } catch {
    // The client is gone, or the answer was to close.
    socket.destroy();
  }
}

function give(socket: Socket, answer: Answer): void {
  if (answer === "close") socket.destroy();
  else if (answer === "half-close") socket.end();
  else if (typeof answer === "object" && "send" in answer) giveLast(socket, answer.send, answer.next);
  else if (answer !== "silence" && socket.writable) socket.write(answer);
}

function giveLast(socket: Socket, bytes: string | Buffer, next: "close" | "half-close"): void {
  socket.end(bytes, () => {
    if (next === "close") socket.destroy();
  });
}

/** Another service's port: it answers our commands with "400 Bad Request". */
export function startHttpServer(): Promise<FakeServer> {
  return listen(
    createHttp((_, response) => response.end("hello\n")),
    "127.0.0.1",
  );
}

/** Accepts connections and says nothing, ever. */
export function startSilentServer(): Promise<FakeServer> {
  return listen(
    createServer((socket) => socket.on("error", () => undefined)),
    "127.0.0.1",
  );
}

async function listen(server: Server, host: string): Promise<FakeServer> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  // Not port 0: a cluster node's bus port has to exist, too.
  const [port] = await freePorts(host, 1);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen({ host, port }, resolve);
  });
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  return { address: { host, port: port! }, host, port: port!, [Symbol.asyncDispose]: close };
}
