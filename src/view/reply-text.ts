import type { BinaryReply } from "../model/node-answer.ts";
import { quotedText } from "../model/quoted-text.ts";

/** What a server said, for people: one line for each element, nested ones indented. */
export function replyLines(reply: BinaryReply, indent = ""): readonly string[] {
  if (reply === null) return [`${indent}(nil)`];
  if (typeof reply === "number") return [`${indent}${reply}`];
  if (!Array.isArray(reply)) return textLines(reply as Buffer).map((line) => `${indent}${line}`);
  if (reply.length === 0) return [`${indent}(empty)`];
  return (reply as readonly BinaryReply[]).flatMap((item) =>
    replyLines(item, Array.isArray(item) ? `${indent}  ` : indent),
  );
}

/** Text as it is, with its lines; anything that a terminal could obey, or that is no text, in quotes. */
function textLines(bytes: Buffer): readonly string[] {
  const text = bytes.toString("utf8");
  if (text === "") return ['""'];
  const isText = Buffer.from(text).equals(bytes) && !/[^\P{C}\r\n\t]/u.test(text);
  return isText ? text.replace(/\r?\n$/, "").split(/\r?\n/) : [quotedText(bytes)];
}

/** The same for scripts: text as a string, other bytes as `{"base64": …}`. */
export function replyDocument(reply: BinaryReply): unknown {
  if (reply === null || typeof reply === "number") return reply;
  if (Array.isArray(reply)) return (reply as readonly BinaryReply[]).map(replyDocument);
  const bytes = reply as Buffer;
  const text = bytes.toString("utf8");
  return Buffer.from(text).equals(bytes) ? text : { base64: bytes.toString("base64") };
}
