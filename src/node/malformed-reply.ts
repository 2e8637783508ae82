/** What came is not RESP2. */
export class MalformedReply extends Error {
  override readonly name = "ParserError";
}
