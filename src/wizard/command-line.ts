/** The words as a shell takes them. */
export function shellText(words: readonly string[]): string {
  return words.map(quoted).join(" ");
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** The same in lines that fit, each but the last with a backslash at its end: it can be copied and run. */
export function shellLines(words: readonly string[], columns: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const part of inParts(words, columns - INDENT.length - CONTINUED.length)) {
    const isFull = line !== "" && line.length + 1 + part.length + CONTINUED.length > columns;
    if (isFull) lines.push(line + CONTINUED);
    line = isFull || line === "" ? `${lines.length === 0 ? "  " : INDENT}${part}` : `${line} ${part}`;
  }
  return [...lines, line];
}

const INDENT = "    ";
const CONTINUED = " \\";

/** An option stays with its value where there is room for both. */
function inParts(words: readonly string[], room: number): readonly string[] {
  const parts: string[] = [];
  for (const [i, word] of words.entries()) {
    const option = words[i - 1] ?? "";
    const isValue = option.startsWith("--") && !word.startsWith("-");
    if (isValue && option.length + 1 + quoted(word).length <= room) parts.push(`${parts.pop()!} ${quoted(word)}`);
    else parts.push(quoted(word));
  }
  return parts;
}
