import { formatAddress } from "../../model/address.ts";
import { type Node, type Outcome, ServerError } from "../../node/node.ts";
import type { Existing } from "./entry.ts";
import type { ImportReport } from "./import-keys.ts";

/** What became of a function library on one primary. */
export interface FunctionOutcome {
  readonly library: string;
  readonly node: string;
  readonly kind: "loaded" | "equal" | "skipped" | "conflict" | "refused";
  /** The server's own text, when it refused. */
  readonly why?: string;
}

/** What became of a backup: of its keys, and of its libraries on every primary. */
export interface RestoreReport extends ImportReport {
  readonly functions: readonly FunctionOutcome[];
}

/**
 * Loads the function libraries of one server on every target: each primary has its own, and replicas follow it. Servers
 * before 7.0 have none.
 * @throws SlotctlError when a connection breaks
 */
export async function restoreFunctions(
  source: Node,
  targets: readonly Node[],
  { existing, onChange }: { readonly existing: Existing; readonly onChange: () => void },
): Promise<readonly FunctionOutcome[]> {
  const libraries = await librariesOf(source);
  if (libraries.size === 0) return [];
  const outcomes = await Promise.all(
    targets.map(async (target) => {
      const there = await librariesOf(target);
      const node = formatAddress(target.address);
      const loaded: FunctionOutcome[] = [];
      for (const [library, code] of libraries) {
        const kind = decide(code, there.get(library), existing);
        if (kind !== "load") {
          loaded.push({ library, node, kind });
          continue;
        }
        onChange();
        const [reply] = await target.sendAll([["FUNCTION", "LOAD", "REPLACE", code]]);
        const refusal = reply instanceof ServerError ? reply.message : undefined;
        loaded.push(
          refusal === undefined ? { library, node, kind: "loaded" } : { library, node, kind: "refused", why: refusal },
        );
      }
      return loaded;
    }),
  );
  return outcomes.flat();
}

function decide(
  code: string,
  there: string | undefined,
  existing: Existing,
): "load" | "equal" | "skipped" | "conflict" {
  if (there === undefined) return "load";
  if (there === code) return "equal";
  if (existing === "replace") return "load";
  return existing === "skip" ? "skipped" : "conflict";
}

/** Name to code. FUNCTION LIST answers with names and values in turn, for each library. */
async function librariesOf(node: Node): Promise<ReadonlyMap<string, string>> {
  const [reply] = await node.sendAll([["FUNCTION", "LIST", "WITHCODE"]]);
  const lists: readonly Outcome[] = Array.isArray(reply) ? reply : [];
  return new Map(
    lists.flatMap((list): (readonly [string, string])[] => {
      if (!Array.isArray(list)) return [];
      const [name, code] = ["library_name", "library_code"].map((field) => list[list.indexOf(field) + 1]);
      return typeof name === "string" && typeof code === "string" ? [[name, code]] : [];
    }),
  );
}
