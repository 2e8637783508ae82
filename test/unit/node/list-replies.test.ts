import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { commandBytes } from "../../../src/node/command-bytes.ts";
import { BulkList, ListReplies } from "../../../src/node/list-replies.ts";
import { MalformedReply } from "../../../src/node/malformed-reply.ts";
import { ServerError } from "../../../src/node/node.ts";
import { readInto } from "../../helpers/read-replies.ts";
import { resp } from "../../helpers/resp.ts";

const strings = fc.array(
  fc.uint8Array({ maxLength: 120 }).map((bytes) => Buffer.from(bytes)),
  { maxLength: 12 },
);

describe("answers that are lists of strings", () => {
  test("hold what came, whatever is in the strings and however it comes in", () => {
    const answers = fc.array(fc.oneof({ weight: 4, arbitrary: strings }, fc.constant("error" as const)), {
      minLength: 1,
    });
    fc.assert(
      fc.property(answers, fc.integer({ min: 1, max: 200 }), (lists, piece) => {
        const bytes = lists.map((list) =>
          list === "error" ? Buffer.from(resp.error("ERR no")) : resp.array(list.map(resp.bulk)),
        );
        const replies = new ListReplies(lists.length);
        const after = readInto(replies, Buffer.concat([...bytes, Buffer.from(resp.integer(7))]), piece);
        expect(after).toEqual([7]);
        for (const [i, list] of lists.entries()) {
          const reply = replies.list(i);
          if (list === "error") expect(reply).toEqual(new ServerError("ERR no"));
          else expect((reply as BulkList).strings()).toEqual(list);
        }
      }),
    );
  });

  test.each(["+OK\r\n", ":1\r\n", "*-1\r\n", "*1\r\n:1\r\n", "*1\r\n$-1\r\n", "*x\r\n"])(
    "%j is no list of strings",
    (text) => {
      expect(() => readInto(new ListReplies(1), Buffer.from(text), 100)).toThrow(MalformedReply);
    },
  );
});

describe("a list of strings", () => {
  test("is cut into parts of a size, in the order of the strings", () => {
    fc.assert(
      fc.property(strings, fc.integer({ min: 1, max: 5 }), (list, most) => {
        const parts = BulkList.of(list).parts(most);
        expect(parts.flatMap((part) => part.strings())).toEqual(list);
        expect(parts.map(({ length }) => length)).toEqual(parts.map((part) => part.strings().length));
        expect(parts.every(({ length }) => length <= most)).toBe(true);
        expect(parts).toHaveLength(Math.max(1, Math.ceil(list.length / most)));
      }),
    );
  });

  test("is written as a command wants its words", () => {
    fc.assert(
      fc.property(strings, (list) => {
        expect(Buffer.concat([Buffer.from(`*${list.length + 1}\r\n$3\r\nDEL\r\n`), BulkList.of(list).bytes])).toEqual(
          commandBytes([["DEL", ...list]]),
        );
      }),
    );
  });
});
