import { type Command, InvalidArgumentError, Option } from "commander";
import { ExitCode, SlotctlError } from "../errors.ts";
import { parseRanges, type SlotRanges } from "../model/slot.ts";
import { type FixRequest, REPAIRABLE, type Repairable } from "../plan/fix.ts";
import { addPaceOptions, type MoveFlags, moveOptionsOf } from "./move-options.ts";
import { type Environment, guideFor, isSeedless, type Running, runFromSeed } from "./open-context.ts";
import { durationArgument, type GlobalOptions, seedsArgument } from "./options.ts";

interface Flags extends Omit<MoveFlags, "method" | "replace" | "ignoreMemory"> {
  readonly direction: FixRequest["direction"];
  readonly slots?: SlotRanges;
  readonly only?: readonly Repairable[];
  readonly onConflict: FixRequest["onConflict"];
  readonly conflictFile?: string;
  readonly restoreConflicts?: string;
  readonly withUnreachablePrimaries?: boolean;
  readonly acceptDataLoss?: boolean;
  readonly searchMultipleOwners?: boolean;
  readonly settle?: number;
}

export function addFix(program: Command, running: Running, environment: Environment): void {
  const command = program
    .command("fix")
    .summary("repair slots, without losing a key")
    .description(
      "Gives every slot one owner that all nodes agree on, finishes moves that were cut short, covers slots without an " +
        "owner, brings stray keys home, and ends joins and removals that were cut short. Shows first what it found, and " +
        "what it will do about each thing and why. Can be stopped and run again at any point. Without a seed a terminal is asked for everything.",
    )
    .argument("[seed]", "any node of the cluster, host:port; several with commas", seedsArgument)
    .addOption(new Option("--slots <ranges>", "repair these slots only: 0-99,500").argParser(slotsArgument))
    .addOption(
      new Option("--only <problem>", "repair this kind of problem only, by its name in check -o json (repeatable)")
        .choices(Object.keys(REPAIRABLE))
        .argParser(collectProblem),
    )
    .addOption(
      new Option(
        "--direction <way>",
        "where moves go that were cut short; auto: on where both ends know of it, else back",
      )
        .choices(["auto", "forward", "back"])
        .default("auto"),
    )
    .addOption(
      new Option("--on-conflict <who>", "which value of a key counts where two nodes hold different ones")
        .choices(["leave", "owner", "newest", "keep-both", "ask"])
        .default("leave"),
    )
    .option("--conflict-file <file>", "keep values that give way in this file (one in the state directory)")
    .option("--restore-conflicts <file>", "repair nothing, and put the values in such a file back")
    .option("--with-unreachable-primaries", "go on without them, and give the slots of failed ones to others")
    .option("--accept-data-loss", "answers the question that --yes does not")
    .option("--search-multiple-owners", "look for stray keys slot by slot, even where the counts add up")
    .addOption(
      new Option("--settle <time>", "let a disagreement settle for this long (twice the node timeout)").argParser(
        durationArgument,
      ),
    )
    .option("--dry-run", "show the plan and change nothing")
    .option("--detailed-exitcode", "with --dry-run: exit 10 when there are changes to make")
    .option("--plan-out <file>", "save the plan as JSON, for slotctl apply");
  addPaceOptions(command)
    .addHelpText(
      "after",
      `
Examples:
  slotctl fix 10.0.0.1:7000 --dry-run
  slotctl fix 10.0.0.1:7000 --only open-slots --direction back
  slotctl fix 10.0.0.1:7000 --on-conflict owner --conflict-file given-up.jsonl
  slotctl fix 10.0.0.1:7000 --restore-conflicts given-up.jsonl
  slotctl fix 10.0.0.1:7000 --with-unreachable-primaries --yes --accept-data-loss`,
    )
    .action(async (seeds, flags: Flags, self: Command) => {
      const guide =
        isSeedless(self, seeds) && flags.restoreConflicts === undefined ? guideFor(running, self) : undefined;
      if (guide !== undefined) return guide(self, "fix", []);
      const yes = self.optsWithGlobals<GlobalOptions>().yes === true;
      if (flags.onConflict === "ask" && yes) throw nobodyToAsk();
      const options = {
        ...moveOptionsOf(flags, environment),
        request: requestOf(flags),
        settle: flags.settle,
        thorough: flags.searchMultipleOwners === true,
        acceptDataLoss: flags.acceptDataLoss === true,
        conflictFile: flags.conflictFile,
        yes,
      };
      const { restoreConflicts: path } = flags;
      await runFromSeed(running, self, seeds, async (context) => {
        if (path === undefined) return (await import("../commands/fix.ts")).fix(options, context);
        return (await import("../commands/restore-conflicts.ts")).restoreConflicts(path, options, context);
      });
    });
}

function requestOf({ direction, slots, only, withUnreachablePrimaries, onConflict }: Flags): FixRequest {
  return {
    direction,
    slots,
    only: only === undefined ? undefined : new Set(only),
    giveUpUnreachable: withUnreachablePrimaries === true,
    onConflict,
  };
}

function slotsArgument(text: string): SlotRanges {
  const slots = parseRanges(text);
  if (slots === undefined || slots.length === 0) {
    throw new InvalidArgumentError("Expected slots from 0 to 16383, for example 0-99,500");
  }
  return slots;
}

function collectProblem(text: string, before: readonly Repairable[] = []): readonly Repairable[] {
  if (!Object.hasOwn(REPAIRABLE, text)) {
    throw new InvalidArgumentError(`Expected one of ${Object.keys(REPAIRABLE).join(", ")}`);
  }
  return [...before, text as Repairable];
}

function nobodyToAsk(): SlotctlError {
  return new SlotctlError("--on-conflict ask needs somebody to ask, and --yes says that there is nobody", {
    code: "USAGE",
    exitCode: ExitCode.Usage,
    hint: "Leave --yes away, or say --on-conflict owner, newest or keep-both",
  });
}
