import type { Command } from "commander";
import { buildProgram } from "../../src/cli/program.ts";

/** A text that a command shows below its options: "Examples:" and indented lines. */
export interface HelpBlock {
  readonly title: string;
  readonly lines: readonly string[];
}

export type HelpBlocks = (command: Command) => readonly HelpBlock[];

/** The commands and options as they are declared, to be read and not to be run. */
export function readProgram(version: string): { readonly program: Command; readonly blocksOf: HelpBlocks } {
  let shown = "";
  const program = buildProgram({
    version,
    environment: {},
    open: () => Promise.reject(new Error("a man page runs no command")),
    done: () => undefined,
    out: (text) => {
      shown += text;
    },
    talk: () => undefined,
  });
  const textBelowOptions = (command: Command) => {
    shown = "";
    command.outputHelp();
    return shown.slice(command.helpInformation().length);
  };
  return { program, blocksOf: (command) => blocksIn(textBelowOptions(command)) };
}

function blocksIn(text: string): readonly HelpBlock[] {
  const blocks: { title: string; lines: string[] }[] = [];
  for (const line of text.split("\n")) {
    const title = /^(\S.*):$/.exec(line)?.[1];
    if (title !== undefined) blocks.push({ title, lines: [] });
    else if (line.startsWith("  ")) blocks.at(-1)?.lines.push(line.slice(2));
  }
  return blocks;
}
