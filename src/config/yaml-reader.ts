import { Composer, type CST, isMap, isScalar, isSeq, LineCounter, type Node, Parser } from "yaml";
import { ExitCode, SlotctlError } from "../errors.ts";

/** A part of a document, with the line where it stands. Values are texts, whatever they look like: 010, no, 1e3. */
export type Entry =
  | { readonly kind: "text"; readonly line: number; readonly text: string }
  | { readonly kind: "list"; readonly line: number; readonly items: readonly Entry[] }
  | { readonly kind: "map"; readonly line: number; readonly fields: ReadonlyMap<string, Entry> };

/** Ours has four levels. The parser below is recursive, and very deep input makes the whole process fall over. */
const MAX_DEPTH = 8;

/**
 * Reads one YAML document as plain lists, maps and texts. Anchors, aliases and tags are not taken: nobody needs them
 * here, and they are what hostile documents are made of.
 * @throws SlotctlError CONFIG_INVALID, exit code 2, that names the line and never repeats a value: it may be a secret
 */
export function readYaml(text: string, path: string): Entry | undefined {
  const lines = new LineCounter();
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  if (isDeep(tokens)) throw invalid(path, 1, `it is nested more than ${MAX_DEPTH} levels deep`);
  // In the failsafe schema nothing becomes a number, a boolean or a date.
  const options = { schema: "failsafe", stringKeys: true, prettyErrors: false, lineCounter: lines } as const;
  const documents = [...new Composer(options).compose(tokens)];
  const complaint = documents.flatMap(({ errors, warnings }) => [...errors, ...warnings])[0];
  if (complaint !== undefined) {
    const what = complaint.code.toLowerCase().replaceAll("_", " ");
    throw invalid(path, lines.linePos(complaint.pos[0]).line, `it is no YAML that can be read: ${what}`);
  }
  if (documents.length > 1) throw invalid(path, 1, "it holds more than one document");
  const contents = documents[0]?.contents;
  return contents === undefined || contents === null ? undefined : entryOf(contents, { path, lines });
}

interface Place {
  readonly path: string;
  readonly lines: LineCounter;
}

function entryOf(node: Node, place: Place): Entry {
  const line = place.lines.linePos(node.range?.[0] ?? 0).line;
  const isMarked = "anchor" in node && node.anchor !== undefined;
  if (isMarked || node.tag !== undefined) throw invalid(place.path, line, "anchors and tags are not taken here");
  if (isScalar(node)) return { kind: "text", line, text: String(node.value) };
  if (isSeq<Node>(node)) return { kind: "list", line, items: node.items.map((item) => entryOf(item, place)) };
  if (isMap<Node, Node>(node)) {
    const fields = node.items.map(({ key, value }) => {
      // The line of a field is that of its name, also where the value begins on the next one.
      const name = entryOf(key, place);
      const entry = value === null ? { kind: "text" as const, text: "" } : entryOf(value, place);
      return [name.kind === "text" ? name.text : "", { ...entry, line: name.line }] as const;
    });
    return { kind: "map", line, fields: new Map(fields) };
  }
  throw invalid(place.path, line, "aliases are not taken here");
}

/** Without recursion: it is here to find what is too deep for it. */
function isDeep(tokens: readonly CST.Token[]): boolean {
  const rest: { readonly part: unknown; readonly depth: number }[] = [{ part: tokens, depth: 0 }];
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    const { part, depth } = next;
    if (depth > MAX_DEPTH) return true;
    if (typeof part !== "object" || part === null) continue;
    for (const [name, inner] of Object.entries(part)) {
      rest.push({ part: inner, depth: name === "items" ? depth + 1 : depth });
    }
  }
  return false;
}

/** @returns SlotctlError CONFIG_INVALID, exit code 2 */
export function invalid(path: string, line: number, what: string, hint = "man slotctl tells its form"): SlotctlError {
  return new SlotctlError(`${path}, line ${line}: ${what}`, { code: "CONFIG_INVALID", exitCode: ExitCode.Usage, hint });
}
