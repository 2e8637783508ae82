import { type Command, Option } from "commander";
import { ExitCode, SlotctlError } from "../errors.ts";
import { type Running, runFromSeed, runWith } from "./open-context.ts";
import { countArgument, type GlobalOptions } from "./options.ts";
import { seedAndRest } from "./seed-words.ts";

interface Flags {
  readonly fromReplicas?: boolean;
  readonly overwrite?: boolean;
  readonly partial?: boolean;
  readonly acl?: boolean;
  readonly verify?: boolean;
  readonly concurrency: number;
}

export function addBackup(program: Command, running: Running): void {
  const command = program
    .command("backup")
    // The options are those of making one, and verify takes none of them.
    .enablePositionalOptions()
    .summary("save the data set of every shard to files")
    .description(
      "Saves an RDB file of every shard, all side by side, as a replica would get it, and checks each on the way. The " +
        "files get their names, and manifest.json is written, once all of them are whole and on the disk: whatever " +
        "stops it, nothing that is left can be taken for a backup, and an earlier one stays as it was. Each shard is as " +
        "it was at a moment of its own. Nothing in the cluster changes.",
    )
    .usage("[options] [seed] <directory>")
    .argument("[words...]", "the seed, unless -h, -p, -s or -u names it; then the directory, made if need be")
    .option("--from-replicas", "ask a replica in sync where there is one, so that primaries need not fork")
    .option("--overwrite", "replace an earlier backup in the directory, once the new one is whole")
    .option("--partial", "save what there is when slots have no owner, cannot be read, or are moving")
    .option("--acl", "save the users as well, with their password hashes")
    .option("--verify", "read every file back from the disk in the end")
    .addOption(new Option("--concurrency <shards>", "shards at a time").argParser(countArgument(1)).default(16));
  command
    .addHelpText(
      "after",
      `
Examples:
  slotctl backup 10.0.0.1:7000 /backups/monday
  slotctl backup 10.0.0.1:7000 /backups/latest --from-replicas --overwrite --verify -o json
  slotctl backup verify /backups/monday`,
    )
    .action(async (words: readonly string[], flags: Flags, self: Command) => {
      const { backup } = await import("../commands/backup.ts");
      const { seeds, rest } = seedAndRest(words, self.optsWithGlobals<GlobalOptions>());
      const directory = oneDirectory(rest);
      await runFromSeed(running, self, seeds, (context) => backup(optionsOf(directory, flags, program), context));
    });
  command
    .command("verify")
    .summary("tell whether a backup is whole")
    .description(
      "Reads every file of a backup from beginning to end and compares size, SHA-256, RDB header and CRC-64 with what " +
        "they have to be, and the slots with all there are. Of a backup that redis-cli made, which has no manifest, it " +
        "checks what can be. Asks no server. Exits 3 when anything is wrong.",
    )
    .argument("<directory>", "where the backup is")
    .addHelpText(
      "after",
      `
Examples:
  slotctl backup verify /backups/monday`,
    )
    .action(async (directory: string, _flags, self: Command) => {
      refuseOptionsOf(command);
      const { backupVerify } = await import("../commands/backup.ts");
      await runWith(running, self, undefined, (context) => backupVerify(directory, context));
    });
}

function refuseOptionsOf(backup: Command): void {
  const given = backup.options.find((option) => backup.getOptionValueSource(option.attributeName()) === "cli");
  if (given === undefined) return;
  throw new SlotctlError(`${given.long} is an option of slotctl backup, and verify takes none of them`, {
    code: "USAGE",
    exitCode: ExitCode.Usage,
    hint: "For example: slotctl backup verify /backups/monday",
  });
}

function optionsOf(directory: string, flags: Flags, program: Command) {
  return {
    directory,
    fromReplicas: flags.fromReplicas === true,
    overwrite: flags.overwrite === true,
    partial: flags.partial === true,
    acl: flags.acl === true,
    verify: flags.verify === true,
    concurrency: flags.concurrency,
    version: program.version() ?? "unknown",
  };
}

/** @throws SlotctlError, exit code 2, when there is none, or more than one */
export function oneDirectory(words: readonly string[], command: "backup" | "restore" = "backup"): string {
  const [directory] = words;
  if (words.length === 1 && directory !== undefined && directory !== "") return directory;
  throw new SlotctlError(words.length === 0 ? "No directory was given" : "One directory is needed", {
    code: "USAGE",
    exitCode: ExitCode.Usage,
    hint: `For example: slotctl ${command} 10.0.0.1:7000 /backups/monday`,
  });
}
