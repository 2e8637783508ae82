/** One answer in RESP2, ready to be sent. Text is written as UTF-8. */
export const resp = {
  simple: (text: string): string => `+${text}\r\n`,
  error: (text: string): string => `-${text}\r\n`,
  integer: (value: number): string => `:${value}\r\n`,
  /** `null` is the null bulk string. */
  bulk: (value: string | Buffer | null): Buffer => encodeBulk(value),
  /** Of answers that are encoded already; `null` is the null array. */
  array: (items: readonly (string | Buffer)[] | null): Buffer => encodeArray(items),
} as const;

function encodeBulk(value: string | Buffer | null): Buffer {
  if (value === null) return Buffer.from("$-1\r\n");
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from("\r\n")]);
}

function encodeArray(items: readonly (string | Buffer)[] | null): Buffer {
  if (items === null) return Buffer.from("*-1\r\n");
  return Buffer.concat([Buffer.from(`*${items.length}\r\n`), ...items.map((item) => Buffer.from(item))]);
}

export interface Request {
  readonly argv: readonly Buffer[];
  /** What came after it. */
  readonly rest: Buffer;
}

/**
 * Takes the first whole request off what a client has sent; undefined when more has to come. Reads arrays of bulk
 * strings, as "*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n", and inline commands, as "ECHO hi\r\n".
 */
export function takeRequest(bytes: Buffer): Request | undefined {
  const head = takeLine(bytes);
  if (head === undefined) return undefined;
  const [line, afterHead] = head;
  if (!line.startsWith("*")) return { argv: line.split(" ").map((word) => Buffer.from(word)), rest: afterHead };
  const argv: Buffer[] = [];
  let rest = afterHead;
  for (let left = Number(line.slice(1)); left > 0; left--) {
    const bulk = takeBulk(rest);
    if (bulk === undefined) return undefined;
    argv.push(bulk[0]);
    rest = bulk[1];
  }
  return { argv, rest };
}

function takeBulk(bytes: Buffer): readonly [Buffer, Buffer] | undefined {
  const head = takeLine(bytes);
  if (head === undefined) return undefined;
  const length = Number(head[0].slice(1));
  if (head[1].length < length + 2) return undefined;
  return [head[1].subarray(0, length), head[1].subarray(length + 2)];
}

function takeLine(bytes: Buffer): readonly [string, Buffer] | undefined {
  const end = bytes.indexOf("\r\n");
  return end < 0 ? undefined : [bytes.toString("latin1", 0, end), bytes.subarray(end + 2)];
}
