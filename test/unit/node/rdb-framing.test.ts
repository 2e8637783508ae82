import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MalformedReply } from "../../../src/node/malformed-reply.ts";
import { ServerError } from "../../../src/node/node.ts";
import { RdbFraming } from "../../../src/node/rdb-framing.ts";

const MARKER = "0123456789abcdef0123456789abcdef01234567";
const ANSWERS = ["must-be-ok", "may-be-refused", "may-be-refused"] as const;
const PRELUDE = "+OK\r\n+OK\r\n-ERR Unrecognized REPLCONF option: rdb-only\r\n";

function read(bytes: Buffer, cuts: readonly number[] = []) {
  const framing = new RdbFraming(ANSWERS);
  const at = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  const parts = at.slice(1).map((end, i) => framing.push(bytes.subarray(at[i], end)));
  return { file: Buffer.concat(parts), framing };
}

const cutsOf = (bytes: Buffer) => fc.array(fc.nat(bytes.length), { maxLength: 12 });

describe("what follows SYNC", () => {
  test("a file of known length, wherever the chunks are cut", () => {
    const body = Buffer.from("REDIS0010\r\n$EOF:\n\xff", "latin1");
    const bytes = Buffer.concat([
      Buffer.from(`${PRELUDE}\n\n$${body.length}\r\n`),
      body,
      Buffer.from("*1\r\n$4\r\nPING"),
    ]);
    fc.assert(
      fc.property(cutsOf(bytes), (cuts) => {
        const { file, framing } = read(bytes, cuts);
        expect(file).toEqual(body);
        expect([framing.isDone, framing.expected]).toEqual([true, body.length]);
      }),
    );
  });

  test("a file that ends with a marker, wherever the chunks are cut", () => {
    // It holds what might be the beginning of the marker.
    const body = Buffer.from(`REDIS0010${MARKER.slice(0, 39)}x${MARKER.slice(0, 20)}`, "latin1");
    const bytes = Buffer.concat([Buffer.from(`${PRELUDE}\n$EOF:${MARKER}\r\n`), body, Buffer.from(MARKER)]);
    fc.assert(
      fc.property(cutsOf(bytes), (cuts) => {
        const { file, framing } = read(bytes, cuts);
        expect(file).toEqual(body);
        expect([framing.isDone, framing.expected]).toEqual([true, undefined]);
      }),
    );
  });

  test("is not done before the last byte", () => {
    const known = Buffer.from(`${PRELUDE}$5\r\nabcd`);
    const marked = Buffer.from(`${PRELUDE}$EOF:${MARKER}\r\nabc${MARKER.slice(0, 39)}`);
    expect([read(known), read(marked)].map(({ framing }) => framing.isDone)).toEqual([false, false]);
    expect(String(read(marked).file)).toBe("abc");
  });

  test("asks for the file only when every answer before has come", () => {
    const framing = new RdbFraming(ANSWERS);
    framing.push(Buffer.from("+OK\r\n+OK\r\n"));
    expect(framing.isReady).toBe(false);
    framing.push(Buffer.from("-ERR\r\n"));
    expect(framing.isReady).toBe(true);
  });

  test("a refusal is thrown, of the login and of SYNC", () => {
    expect(() => read(Buffer.from("-WRONGPASS no\r\n"))).toThrow(new ServerError("WRONGPASS no"));
    expect(() => read(Buffer.from(`${PRELUDE}-NOMASTERLINK Can't SYNC\r\n`))).toThrow(ServerError);
  });

  test.each([
    "HTTP/1.1 400 Bad Request\r\n",
    "+OK\r\n+OK\r\n+OK\r\n+FULLRESYNC\r\n",
    `${PRELUDE}$-1\r\n`,
    `${PRELUDE}$12x\r\n`,
    `${PRELUDE}$EOF:short\r\n`,
    "$5\r\nabcde",
    "x".repeat(5000),
  ])("%j is no answer", (text) => {
    expect(() => {
      const { framing } = read(Buffer.from(text));
      // A line that is taken for an answer before SYNC is none behind it.
      framing.push(Buffer.from("+OK\r\n+OK\r\n+OK\r\n"));
    }).toThrow(MalformedReply);
  });
});
