/** The words of a command line, and the one at its end that is being typed: "" behind a blank. */
export interface SplitLine {
  readonly words: readonly string[];
  readonly typed: string;
}

/** Takes the beginning of a command line apart as a shell does, quotes and backslashes included; nothing is expanded. */
export function splitLine(line: string): SplitLine {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (let at = 0; at < line.length; at++) {
    const character = line[at]!;
    if (quote === undefined && /\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (character === quote) {
      quote = undefined;
    } else if (quote === undefined && (character === "'" || character === '"')) {
      quote = character;
      word ??= "";
    } else if (character === "\\" && quote !== "'") {
      word = (word ?? "") + (line[++at] ?? "");
    } else {
      word = (word ?? "") + character;
    }
  }
  return { words, typed: word ?? "" };
}
