import { type Command, Option } from "commander";
import type { RestoreOptions } from "../commands/restore.ts";
import { oneDirectory } from "./backup.ts";
import { type Environment, type Running, runFromSeed } from "./open-context.ts";
import { countArgument, type GlobalOptions } from "./options.ts";
import { seedAndRest } from "./seed-words.ts";

interface Flags {
  readonly server?: string;
  readonly resume?: boolean;
  readonly replace?: boolean;
  readonly skipExisting?: boolean;
  readonly verify: RestoreOptions["verification"];
  readonly concurrency: number;
  readonly rate?: number;
  readonly dryRun?: boolean;
  readonly detailedExitcode?: boolean;
}

export function addRestore(program: Command, running: Running, environment: Environment): void {
  program
    .command("restore")
    .summary("write a backup into a cluster of any shape")
    .description(
      "Verifies a backup, then writes its keys, with their times to live, to the primaries that own their slots now, and " +
        "its function libraries to all of them: the cluster may have more or fewer shards than the one that was saved. " +
        "The files are loaded one after the other by a throw-away server on this machine, which needs a server program " +
        "of the version that made them or a newer one of the same engine, and the memory for one shard. A damaged backup " +
        "is refused. A backup that redis-cli made will do, too.",
    )
    .usage("[options] [seed] <directory>")
    .argument("[words...]", "the seed, unless -h, -p, -s or -u names it; then the directory of the backup")
    .option("--server <program>", "the server that loads: a path, or an engine such as valkey-8.1; also REDIS_SERVER")
    .addOption(
      new Option(
        "--resume",
        "go on with a restore that was cut short: equal keys are fine, others are reported",
      ).conflicts(["replace", "skipExisting"]),
    )
    .addOption(new Option("--replace", "overwrite keys that the cluster has already").conflicts(["skipExisting"]))
    .option("--skip-existing", "pass over keys that the cluster has already, whatever their value")
    .addOption(
      new Option("--verify <how>", "compare a sample of 1000 keys of each file, or every key, with the backup")
        .choices(["none", "sample", "full"])
        .default("sample"),
    )
    .option("--dry-run", "verify the backup, say what would be done and change nothing")
    .option("--detailed-exitcode", "with --dry-run: exit 10 when there are keys to restore")
    .addOption(
      new Option("--concurrency <batches>", "batches of up to 1000 keys that are on their way at a time")
        .argParser(countArgument(1))
        .default(4),
    )
    .addOption(new Option("--rate <keys>", "keys a second (as fast as it goes)").argParser(countArgument(1)))
    .addHelpText(
      "after",
      `
Examples:
  slotctl restore 10.0.0.1:7000 /backups/monday --dry-run
  slotctl restore 10.0.0.1:7000 /backups/monday --verify full --yes -o json
  slotctl restore 10.0.0.1:7000 /backups/monday --server /opt/valkey/bin/valkey-server --resume --yes`,
    )
    .action(async (words: readonly string[], flags: Flags, self: Command) => {
      const { restore } = await import("../commands/restore.ts");
      const { seeds, rest } = seedAndRest(words, self.optsWithGlobals<GlobalOptions>());
      const directory = oneDirectory(rest, "restore");
      await runFromSeed(running, self, seeds, (context) => restore(optionsOf(directory, flags, environment), context));
    });
}

function optionsOf(directory: string, flags: Flags, environment: Environment): RestoreOptions {
  return {
    directory,
    server: flags.server,
    existing: existingOf(flags),
    verification: flags.verify,
    limits: { concurrency: flags.concurrency, keysPerSecond: flags.rate },
    dryRun: flags.dryRun === true,
    detailedExitCode: flags.detailedExitcode === true,
    environment,
  };
}

function existingOf({ resume, replace, skipExisting }: Flags): RestoreOptions["existing"] {
  if (replace === true) return "replace";
  if (skipExisting === true) return "skip";
  return resume === true ? "keep" : "refuse";
}
