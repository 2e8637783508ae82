import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { commandBytes } from "../../../src/node/command-bytes.ts";
import { LineReplies } from "../../../src/node/line-replies.ts";
import { MalformedReply } from "../../../src/node/malformed-reply.ts";
import { ServerError } from "../../../src/node/node.ts";
import { PackedReplies } from "../../../src/node/packed-replies.ts";
import { type ParsedReply, ReplyParser } from "../../../src/node/reply-parser.ts";
import { readInto } from "../../helpers/read-replies.ts";

/** What comes out when the bytes come in pieces of this size. */
function parsed(text: string | Buffer, piece = Number.POSITIVE_INFINITY): readonly ParsedReply[] {
  const replies: ParsedReply[] = [];
  const parser = new ReplyParser((reply) => replies.push(reply));
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += piece) parser.push(bytes.subarray(at, at + piece));
  return replies;
}

const MIXED =
  "+OK\r\n:-42\r\n$-1\r\n$0\r\n\r\n$4\r\na\r\nb\r\n-ERR no\r\n*3\r\n*1\r\n+QUEUED\r\n*0\r\n$1\r\nx\r\n*-1\r\n+\r\n";

describe("the parser of replies", () => {
  test.each([1, 2, 3, 7, 1000])("reads every kind of reply, in pieces of %i bytes", (piece) => {
    const bytes = (value: string) => Buffer.from(value);
    const array = [[bytes("QUEUED")], [], bytes("x")];
    expect(parsed(MIXED, piece)).toEqual([
      ...[bytes("OK"), -42, null, bytes(""), bytes("a\r\nb"), new ServerError("ERR no"), array, null, bytes("")],
    ]);
  });

  test.each(["HTTP/1.1 400\r\n", "$x\r\n", "*1x\r\n"])("%j is no reply", (text) => {
    expect(() => parsed(text)).toThrow(MalformedReply);
  });

  test("reads back any command that we write", () => {
    const word = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.integer(),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    );
    fc.assert(
      fc.property(fc.array(fc.array(word, { minLength: 1 })), fc.integer({ min: 1, max: 50 }), (commands, piece) => {
        const expected = commands.map((command) =>
          command.map((part) => (typeof part === "object" ? part : Buffer.from(String(part)))),
        );
        expect(parsed(commandBytes(commands), piece)).toEqual(expected);
      }),
    );
  });

  test("packs the same answers as it delivers, as many as were asked for, and delivers what comes after", () => {
    const line = fc
      .string({ unit: "grapheme-ascii", minLength: 1, maxLength: 20 })
      .filter((text) => !/[\r\n]/.test(text));
    const reply = fc.oneof(
      line.map((text) => `+${text}\r\n`),
      line.map((text) => `-ERR ${text}\r\n`),
      fc.integer().map((number) => `:${number}\r\n`),
      fc.string({ unit: "binary" }).map((text) => `$${Buffer.byteLength(text)}\r\n${text}\r\n`),
      fc.constant("$-1\r\n"),
    );
    const answers = fc.array(reply, { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(answers, answers, fc.integer({ min: 1, max: 50 }), (first, second, piece) => {
        const bytes = Buffer.from([...first, ...second].join(""));
        const packed = new PackedReplies(first.length);
        expect(readInto(packed, bytes, piece)).toEqual(parsed(second.join("")));
        expect(first.map((_, i) => unpacked(packed, i))).toEqual(parsed(first.join("")).map(readable));
      }),
    );
  });

  test("cuts answers of one line, as many as were asked for, and delivers what comes after", () => {
    const reply = fc.oneof(
      fc.integer().map((number) => `:${number}\r\n`),
      fc.string({ unit: "grapheme", maxLength: 20 }).map((text) => `-ERR ${text.replace(/[\r\n]/g, "")}\r\n`),
      fc.constantFrom("+OK\r\n", "$-1\r\n"),
    );
    const answers = fc.array(reply, { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(answers, answers, fc.integer({ min: 1, max: 50 }), (first, second, piece) => {
        const bytes = Buffer.from([...first, ...second].join(""));
        const lines = new LineReplies(first.length);
        expect(readInto(lines, bytes, piece)).toEqual(parsed(second.join("")));
        const expected = parsed(first.join("")).map((each) =>
          each instanceof ServerError ? each : typeof each === "number" ? each : undefined,
        );
        expect(first.map((_, i) => lines.error(i) ?? lines.integer(i))).toEqual(expected);
      }),
    );
  });

  test.each(["*1\r\n:1\r\n", "$1\r\nx\r\n"])("%j is more than one line", (text) => {
    expect(() => readInto(new LineReplies(1), Buffer.from(text), 100)).toThrow(MalformedReply);
  });
});

/** An answer as a test can compare it, whichever way it came. */
function readable(reply: ParsedReply): unknown {
  return Buffer.isBuffer(reply) ? reply.toString() : reply instanceof ServerError ? reply.message : reply;
}

function unpacked(packed: PackedReplies, at: number): unknown {
  const isNothing = packed.isBulk(at) || packed.isError(at) || packed.integer(at) !== undefined;
  return (
    packed.error(at)?.message ?? packed.integer(at) ?? (isNothing || packed.text(at) !== "" ? packed.text(at) : null)
  );
}
