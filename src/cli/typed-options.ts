import type { Command, Option } from "commander";

/** An option as it stood on the command line. */
interface TypedOption {
  readonly name: string;
  readonly words: readonly string[];
}

export interface TypedOptions {
  /** To be called once all options are declared. */
  readonly watch: (program: Command) => void;
  /** By name, without dashes. Of one that may be repeated it is the last. */
  readonly values: () => ReadonlyMap<string, string | undefined>;
  /** All but these, as words that mean the same, and without passwords. */
  readonly words: (without: readonly string[]) => readonly string[];
}

/** Remembers what is typed: commander itself keeps only what it made of it. */
export function rememberTyped(): TypedOptions {
  const typed: TypedOption[] = [];
  const values = new Map<string, string | undefined>();
  const watchOption = (command: Command, option: Option) =>
    command.on(`option:${option.name()}`, (value: string | null | undefined) => {
      typed.push({ name: option.name(), words: wordsOf(option, value ?? undefined) });
      values.set(option.name(), value ?? undefined);
    });
  return {
    watch: (program) => {
      for (const command of [program, ...program.commands]) {
        for (const option of command.options) watchOption(command, option);
      }
    },
    values: () => values,
    words: (without) => typed.filter(({ name }) => !without.includes(name)).flatMap(({ words }) => words),
  };
}

/** A command line can be read by others, and gets into their histories. */
const SECRET: ReadonlySet<string> = new Set(["pass", "from-pass"]);

function wordsOf(option: Option, value: string | undefined): readonly string[] {
  const flag = option.long ?? option.short ?? `--${option.name()}`;
  if (SECRET.has(option.name())) return [];
  if (value === undefined) return [flag];
  const shown = option.name() === "uri" ? withoutPassword(value) : value;
  return shown.startsWith("-") ? [`${flag}=${shown}`] : [flag, shown];
}

/** "redis://user:secret@host:7000" as "redis://user@host:7000" */
function withoutPassword(uri: string): string {
  return uri.replace(/^(\w+:\/\/[^@/:]*):[^@/]*@/, (_, before: string) =>
    before.endsWith("/") ? before : `${before}@`,
  );
}
