import { createServer, type Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { commandBytes } from "../../../src/node/command-bytes.ts";
import { type Command, ServerError } from "../../../src/node/node.ts";
import type { PackedReplies } from "../../../src/node/packed-replies.ts";
import { type BulkNode, connectPipelined } from "../../../src/node/pipelined-node.ts";
import { freePorts } from "../../helpers/free-ports.ts";
import { resp } from "../../helpers/resp.ts";
import { type Answer, type Handler, scriptOf, startScriptedServer } from "../../helpers/scripted-server.ts";

const SETTINGS = { connectTimeout: 2000, commandTimeout: 2000 };

/** What became of some questions to a server that answers so. */
async function ask<Result>(handler: Handler, questions: (node: BulkNode) => Promise<Result>): Promise<Result> {
  await using server = await startScriptedServer(handler);
  const node = await connectPipelined(server.address, SETTINGS);
  try {
    return await questions(node);
  } finally {
    node.close();
  }
}

function packed(node: BulkNode, commands: readonly Command[]): Promise<PackedReplies> {
  return node.sendPacked(commandBytes(commands), commands.length);
}

/** "GET a" is answered with "a". */
const ECHO = scriptOf({
  GET: (argv) => resp.bulk(String(argv[1])),
  TIME: "*2\r\n$1\r\n1\r\n$1\r\n2\r\n",
  NONE: "$-1\r\n",
  COUNT: ":42\r\n",
  SET: "+OK\r\n",
});

describe("a pipelined connection", () => {
  test("gives each write its own answers, packed or not, however they alternate", async () => {
    await ask(ECHO, async (node) => {
      const [one, two, three, four] = await Promise.all([
        node.sendAllBinary([["GET", "a"], ["TIME"]]),
        packed(node, [["GET", "b"], ["NONE"], ["COUNT"], ["SET", "x", "y"], ["NO SUCH"]]),
        node.send("TIME"),
        packed(node, [["GET", "c"]]),
      ]);
      expect(one).toEqual([Buffer.from("a"), [Buffer.from("1"), Buffer.from("2")]]);
      expect([0, 1, 2, 3, 4].map((i) => two.text(i))).toEqual(["b", "", "", "OK", ""]);
      expect([0, 1, 2].map((i) => two.isBulk(i))).toEqual([true, false, false]);
      expect([two.integer(2), two.integer(0)]).toEqual([42, undefined]);
      expect(two.error(4)).toEqual(new ServerError("ERR unknown command 'NO SUCH'"));
      expect(two.error(0)).toBeUndefined();
      expect(three).toEqual(["1", "2"]);
      expect(four.text(0)).toBe("c");
    });
  });

  test("an error in the middle of many answers is the answer to its own command", async () => {
    await ask(ECHO, async (node) => {
      const names = Array.from({ length: 999 }, (_, i) => `name ${i}`);
      const replies = await packed(node, [...names.slice(0, 500), "", ...names.slice(500)].map((name) => (name === "" ? ["NO"] : ["GET", name]))); // biome-ignore format: one line
      expect(replies.error(500)?.word).toBe("ERR");
      expect(names.map((_, i) => replies.text(i < 500 ? i : i + 1))).toEqual(names);
    });
  });

  test("answers are read however they are cut", async () => {
    const bytes = Buffer.from("$5\r\nfirst\r\n$-1\r\n-ERR no\r\n:7\r\n$0\r\n\r\n");
    for (let cut = 1; cut < bytes.length; cut++) {
      await using server = await startCutter(bytes, cut);
      const node = await connectPipelined(server.address, SETTINGS);
      const replies = await packed(node, [["A"], ["B"], ["C"], ["D"], ["E"]]);
      expect([0, 4].map((i) => [replies.isBulk(i), replies.text(i)])).toEqual([[true, "first"], [true, ""]]); // biome-ignore format: one line
      expect([replies.isBulk(1), replies.error(2)?.message, replies.integer(3)]).toEqual([false, "ERR no", 7]);
      node.close();
    }
  });

  const cutShort: Answer = { send: "$100\r\nhalf of it", next: "half-close" };
  test.each([
    ["a server that hangs up between two answers", { send: "$1\r\nx\r\n", next: "close" }, "CONNECTION_CLOSED"],
    ["a server that says that nothing more will come, within an answer", cutShort, "CONNECTION_CLOSED"],
    ["a server that says so instead of an answer", "half-close", "CONNECTION_CLOSED"],
    ["a server that hangs up", "close", "CONNECTION_CLOSED"],
    ["no Redis server", "HTTP/1.1 400 Bad Request\r\n\r\n", "NOT_A_REDIS_SERVER"],
    ["a length that is none", "$x\r\n", "NOT_A_REDIS_SERVER"],
    ["a list where none was asked for", "*1\r\n$1\r\nx\r\n", "NOT_A_REDIS_SERVER"],
  ] as const)("%s: every write that was not answered whole fails, and so does the next", async (_, answer, code) => {
    await ask(
      () => answer,
      async (node) => {
        const writes = [packed(node, [["A"], ["B"]]), node.sendAll([["C"]]), packed(node, [["D"]])];
        for (const outcome of await Promise.allSettled(writes))
          expect(outcome).toMatchObject({ status: "rejected", reason: { code, exitCode: 4 } });
        await expect(packed(node, [["E"]])).rejects.toMatchObject({ code });
        await expect(node.send("F")).rejects.toMatchObject({ code });
      },
    );
  });

  test("what was answered before the server left stays answered", async () => {
    let count = 0;
    const leaving: Handler = () => (++count < 3 ? "+OK\r\n" : "close");
    await ask(leaving, async (node) => {
      const [first, second] = await Promise.allSettled([packed(node, [["A"], ["B"]]), packed(node, [["C"]])]);
      expect(first).toMatchObject({ status: "fulfilled" });
      expect(second).toMatchObject({ status: "rejected", reason: { code: "CONNECTION_CLOSED" } });
    });
  });

  test("a server that falls silent is given up, and what it says later is heard by nobody", async () => {
    await using server = await startScriptedServer(() => "silence");
    const node = await connectPipelined(server.address, { ...SETTINGS, commandTimeout: 50 });
    await expect(packed(node, [["A"]])).rejects.toMatchObject({ code: "NODE_SILENT" });
    await expect(node.send("B")).rejects.toMatchObject({ code: "NODE_SILENT" });
  });

  test("a refusal before any question is the reason that the first one is told", async () => {
    await using server = await startGreeter("-ERR max number of clients reached\r\n");
    const node = await connectPipelined(server.address, SETTINGS);
    await server.greeted;
    await expect(node.send("PING")).rejects.toThrow(/max number of clients reached/);
  });

  test("no command at all is answered at once", async () => {
    await ask(ECHO, async (node) => {
      expect(await node.sendAll([])).toEqual([]);
      expect((await packed(node, [])).isComplete).toBe(true);
    });
  });
});

/** Answers whatever comes with these bytes, in two pieces that arrive one after the other. */
async function startCutter(bytes: Buffer, cut: number) {
  return startRaw((socket) => {
    socket.setNoDelay(true);
    socket.once("data", () => {
      socket.write(bytes.subarray(0, cut), () => setImmediate(() => socket.write(bytes.subarray(cut))));
    });
  });
}

/** Says something before it is asked, and hangs up. `greeted`: when that has been sent. */
async function startGreeter(greeting: string) {
  let told: () => void;
  const greeted = new Promise<void>((resolve) => {
    told = resolve;
  });
  const server = await startRaw((socket) => socket.resume().end(greeting, () => told()));
  return { ...server, greeted };
}

async function startRaw(serve: (socket: Socket) => void) {
  const [port] = await freePorts("127.0.0.1", 1);
  const server = createServer((socket) => serve(socket.on("error", () => undefined)));
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    address: { host: "127.0.0.1", port: port! },
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
