/**
 * The few roff requests that our pages need. Prose may mark `literal words` and *placeholders*; everything else in it,
 * and all of an escaped text, stands on the page as it was written.
 */

/** What roff would take for something else, or print as a typographic character that nobody could paste into a shell. */
const SPECIAL: Readonly<Record<string, string>> = {
  "\\": "\\e",
  "-": "\\-",
  "'": "\\(aq",
  "`": "\\(ga",
  "^": "\\(ha",
  "~": "\\(ti",
  "…": "...",
};

export function escaped(text: string): string {
  return text.replace(/[\\\-'`^~]|[^\x00-\x7f]/gu, (char) => SPECIAL[char] ?? unicode(char));
}

function unicode(char: string): string {
  return `\\[u${char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}]`;
}

export function bold(text: string): string {
  return `\\fB${escaped(text)}\\fR`;
}

export function italic(text: string): string {
  return `\\fI${escaped(text)}\\fR`;
}

/** "Use `--yes` with *file*", the marks set in bold and italics. */
export function marked(prose: string): string {
  return prose
    .split(/(`[^`]+`|\*[^*\s]+\*)/)
    .map((part) => {
      if (/^`.+`$/.test(part)) return bold(part.slice(1, -1));
      return /^\*.+\*$/.test(part) ? italic(part.slice(1, -1)) : escaped(part);
    })
    .join("");
}

/** A synopsis or the flags of an option, "-h, --host [host]": words are bold, what stands in brackets is italic. */
export function usage(text: string): string {
  return text.replace(/<([^>]+)>|([^\s[\],.<>]+(?=[\].]))|([^\s[\],.<>]+)/g, (_, placeholder, optional, word) => {
    if (placeholder !== undefined) return italic(placeholder);
    return optional === undefined ? bold(word) : italic(optional);
  });
}

export type Lines = readonly string[];

export function section(title: string, ...blocks: readonly Lines[]): Lines {
  return [`.SH ${escaped(title)}`, ...blocks.flat()];
}

export function subsection(title: string, ...blocks: readonly Lines[]): Lines {
  return [`.SS ${escaped(title)}`, ...blocks.flat()];
}

/** A paragraph of roff: escaped, marked or usage text. */
export function paragraph(roff: string): Lines {
  return [".PP", ...wrapped(roff)];
}

/** A tag with what it means, indented below it. */
export function item(tag: string, roff: string): Lines {
  return [".TP", unrequested(tag), ...wrapped(roff)];
}

/** Command lines that can be pasted into a shell; what is too long for a terminal is continued on the next line. */
export function commandLines(lines: readonly string[]): Lines {
  return [".PP", ".RS 4", ".EX", ...lines.flatMap(folded).map((line) => unrequested(escaped(line))), ".EE", ".RE"];
}

/** What 80 columns leave beside the indentations of a page and of an example. */
const COLUMNS = 66;

/** Broken before options, pipes and the like: words that belong together stay together. */
function folded(command: string): Lines {
  const lines: string[] = [];
  let line = "";
  for (const part of command.split(/ (?=--?\w|&& |\| )/)) {
    const longer = line === "" ? part : `${line} ${part}`;
    if (longer.length > COLUMNS && line !== "") {
      lines.push(`${line} \\`);
      line = `    ${part}`;
    } else line = longer;
  }
  return [...lines, line];
}

/** Roff lines, not filled: one below the other. */
export function unfilled(lines: Lines): Lines {
  return [".nf", ...lines.map(unrequested), ".fi"];
}

export interface PageHead {
  readonly name: string;
  readonly version: string;
  /** Of the version, and not of the build: "2026-11-23". */
  readonly date: string;
}

export function page({ name, version, date }: PageHead, ...sections: readonly Lines[]): string {
  const lines = [
    '.\\" Made by scripts/build-man.mjs from the commands themselves and scripts/man/prose.ts: npm run man.',
    `.TH ${name.toUpperCase()} 1 "${date}" "slotctl ${version}" "User Commands"`,
    ...sections.flat(),
  ];
  // A heading begins a paragraph of its own.
  const needed = lines.filter((line, i) => line !== ".PP" || !/^\.S[HS] /.test(lines[i - 1] ?? ""));
  return `${needed.join("\n")}\n`;
}

const LINE_LENGTH = 80;

/** Short lines, so that a change of the page can be read in a diff. */
function wrapped(roff: string): Lines {
  const lines: string[] = [];
  let line = "";
  for (const word of roff.split(/\s+/)) {
    if (line !== "" && line.length + 1 + word.length > LINE_LENGTH) {
      lines.push(line);
      line = "";
    }
    line += line === "" ? word : ` ${word}`;
  }
  return [...lines, line].map(unrequested);
}

/** A line that begins with a dot or a quote would be an instruction. */
function unrequested(line: string): string {
  return /^[.']/.test(line) ? `\\&${line}` : line;
}
