/**
 * Bytes as they can be printed and typed into redis-cli: "user:1", "\x00\xff". What is written so is read back by
 * `parseQuoted`.
 */
export function quotedText(bytes: Uint8Array): string {
  const escaped = [...bytes].map((byte) => {
    if (byte === QUOTE || byte === BACKSLASH) return `\\${String.fromCharCode(byte)}`;
    return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`;
  });
  return `"${escaped.join("")}"`;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The escapes of redis-cli's quoted strings: \n, \r, \t, \b, \a, \xHH; any other character stands for itself. */
const ESCAPES: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, b: 8, a: 7 };

/** The bytes of a string in double quotes; undefined when it is none. Characters beyond ASCII count as their UTF-8. */
export function parseQuoted(text: string): Uint8Array | undefined {
  if (!/^"(?:[^"\\]|\\[\s\S])*"$/.test(text)) return undefined;
  const parts = text.slice(1, -1).match(/\\x[0-9a-f]{2}|\\[\s\S]|[^\\]+/gi) ?? [];
  return Uint8Array.from(parts.flatMap(bytesOf));
}

function bytesOf(part: string): readonly number[] {
  if (!part.startsWith("\\")) return [...new TextEncoder().encode(part)];
  if (/^\\x[0-9a-f]{2}$/i.test(part)) return [Number.parseInt(part.slice(2), 16)];
  return [ESCAPES[part[1]!] ?? -1].flatMap((byte) =>
    byte < 0 ? [...new TextEncoder().encode(part.slice(1))] : [byte],
  );
}
