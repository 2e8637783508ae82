import type { Flag, Valued } from "./option-table.ts";

/** The words, sorted. */
export interface Given {
  readonly subcommand: string;
  readonly positionals: readonly string[];
  /** By their canonical names, in the order in which they were given: the last of a name counts. */
  readonly options: readonly { readonly name: string; readonly value: string }[];
}

export function has({ options }: Pick<Given, "options">, flag: Flag): boolean {
  return options.some(({ name }) => name === flag);
}

export function last({ options }: Pick<Given, "options">, option: Valued): string | undefined {
  return options.findLast(({ name }) => name === option)?.value;
}
