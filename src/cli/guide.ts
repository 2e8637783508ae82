import type { Command } from "commander";
import type { Context } from "../commands/context.ts";
import { ExitCode } from "../errors.ts";
import type { Address } from "../model/address.ts";
import type { Prompt } from "../wizard/prompt.ts";
import type { Verb } from "../wizard/verbs.ts";
import type { Environment, OpenContext } from "./open-context.ts";
import type { GlobalOptions } from "./options.ts";
import type { TypedOptions } from "./typed-options.ts";

/** Asks for what a command line leaves out, and runs it. */
export type Guide = (command: Command, verb: Verb | undefined, seeds: readonly Address[]) => Promise<void>;

/** How the wizard gets at a person, at clusters, and at the commands. */
export interface GuideParts {
  readonly prompt: (options: GlobalOptions) => Promise<Prompt>;
  readonly open: OpenContext;
  readonly done: (code: ExitCode) => void;
  /** The program once more, with another way to contexts; nobody is asked for what is missing there. */
  readonly parse: (words: readonly string[], open: OpenContext, done: (code: ExitCode) => void) => Promise<void>;
  readonly typed: TypedOptions;
  readonly environment: Environment;
  readonly signal: AbortSignal;
}

export function guideOf({ prompt, open, done, parse, typed, environment, signal }: GuideParts): Guide {
  return async (command, verb, seeds) => {
    const options = command.optsWithGlobals<GlobalOptions>();
    const { runWizard } = await import("../wizard/wizard.ts");
    const look = async <Found>(at: readonly Address[], body: (context: Context) => Promise<Found>) => {
      const context = await open(options, at);
      try {
        context.view.busy("Asking the nodes");
        return await body(context);
      } finally {
        context.view.end();
        context.connections[Symbol.dispose]();
      }
    };
    const run = async (words: readonly string[], confirm: Context["confirm"]) => {
      let code: ExitCode = ExitCode.Ok;
      const opened: OpenContext = async (_, at) => ({ ...(await open(options, at)), confirm });
      await parse(words, opened, (result) => {
        code = result;
      });
      return code;
    };
    done(
      await runWizard({
        prompt: await prompt(options),
        verb,
        seeds: await look(seeds, async (context) => context.seeds),
        typed: typed.values(),
        typedWords: typed.words,
        look,
        run,
        environment,
        signal,
      }),
    );
  };
}
