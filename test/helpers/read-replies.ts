import { type Packing, type ParsedReply, ReplyParser } from "../../src/node/reply-parser.ts";

/** Has a parser read the bytes in pieces of this size into `into`, and returns what it delivers after that. */
export function readInto(into: Packing, bytes: Buffer, piece: number): readonly ParsedReply[] {
  const after: ParsedReply[] = [];
  const parser = new ReplyParser(
    (reply) => after.push(reply),
    () => parser.pack(undefined),
  );
  parser.pack(into);
  for (let at = 0; at < bytes.length; at += piece) parser.push(bytes.subarray(at, at + piece));
  return after;
}
