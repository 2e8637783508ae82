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
  for (const part of inParts(words)) {
    const isFull = line !== "" && line.length + part.length + 3 > columns;
    if (isFull) lines.push(`${line} \\`);
    line = isFull || line === "" ? `${lines.length === 0 ? "  " : "    "}${part}` : `${line} ${part}`;
  }
  return [...lines, line];
}

/** An option stays with its value. */
function inParts(words: readonly string[]): readonly string[] {
  const parts: string[] = [];
  for (const [i, word] of words.entries()) {
    const isValue = i > 0 && words[i - 1]!.startsWith("--") && !word.startsWith("-");
    if (isValue) parts.push(`${parts.pop()!} ${quoted(word)}`);
    else parts.push(quoted(word));
  }
  return parts;
}
