import { type Command, Option } from "commander";
import { ExitCode, SlotctlError } from "../errors.ts";
import { keyBytes } from "./keyslot.ts";
import { type Running, runFromSeed } from "./open-context.ts";
import { collectText, type GlobalOptions } from "./options.ts";
import { SEED_WORD, seedAndRest } from "./seed-words.ts";

interface Flags {
  readonly only?: "primaries" | "replicas";
  readonly node: readonly string[];
  readonly quoted?: boolean;
  readonly stdin?: boolean;
}

export function addCall(program: Command, running: Running): void {
  program
    .command("call")
    .summary("send a command to every node")
    .description(
      "Sends one command to every node, or to those of one role, side by side. Equal answers are shown once, with who " +
        "gave them. Exits 1 when any node failed. What destroys or blocks, by what the servers say of the command, is " +
        "asked about. Words that begin with a dash stand behind --.",
    )
    .usage("[options] [seed] [--] <command> [arguments...]")
    .argument("[words...]", `${SEED_WORD}; then the command and its arguments`)
    .addOption(new Option("--only <role>", "ask one role only").choices(["primaries", "replicas"]))
    .addOption(
      new Option("--node <node>", "ask this node: an id, the beginning of one, or host:port (repeatable)")
        .argParser(collectText)
        .default([], "all nodes"),
    )
    .option("--quoted", 'the arguments are strings as redis-cli writes them: "\\x00\\xff"')
    .option("-x, --stdin", "take the last argument from standard input, as bytes")
    .addHelpText(
      "after",
      `
Examples:
  slotctl call 10.0.0.1:7000 DBSIZE --only primaries
  slotctl call 10.0.0.1:7000 CONFIG GET maxmemory -o json
  slotctl call 10.0.0.1:7000 --yes -- CLIENT KILL TYPE normal`,
    )
    .action(async (words: readonly string[], flags: Flags, self: Command) => {
      const { call } = await import("../commands/call.ts");
      const { seeds, rest } = seedAndRest(words, self.optsWithGlobals<GlobalOptions>());
      const command = rest.map((word) => keyBytes(word, flags.quoted === true));
      if (command.length === 0) throw noCommand();
      const options = { words: command, lastFromStdin: flags.stdin === true, only: flags.only, nodes: flags.node };
      await runFromSeed(running, self, seeds, (context) => call(options, context));
    });
}

function noCommand(): SlotctlError {
  return new SlotctlError("No command was given to call", {
    code: "USAGE",
    exitCode: ExitCode.Usage,
    hint: "For example: slotctl call 10.0.0.1:7000 DBSIZE",
  });
}
