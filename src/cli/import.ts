import { type Command, InvalidArgumentError, Option } from "commander";
import type { ImportOptions } from "../commands/import.ts";
import { type Address, parseAddress } from "../model/address.ts";
import { type Running, runFromSeed } from "./open-context.ts";
import { ADDRESS_EXAMPLE, countArgument, seedsArgument } from "./options.ts";

interface Flags {
  readonly from: Address;
  readonly db: ImportOptions["database"];
  readonly match?: string;
  readonly move?: boolean;
  readonly replace?: boolean;
  readonly skipExisting?: boolean;
  readonly verify: ImportOptions["verification"];
  readonly concurrency: number;
  readonly rate?: number;
  readonly dryRun?: boolean;
  readonly detailedExitcode?: boolean;
  readonly fromUser?: string;
  readonly fromPass?: string;
  readonly fromAskpass?: boolean;
  readonly fromTls?: boolean;
  readonly fromSni?: string;
  readonly fromCacert?: string;
  readonly fromCert?: string;
  readonly fromKey?: string;
  readonly fromInsecure?: boolean;
}

const SOURCE = "Source:";

export function addImport(program: Command, running: Running): void {
  const command = program
    .command("import")
    .summary("copy keys from another server or cluster")
    .description(
      "Copies the keys of a standalone server, a replica or another cluster to the primaries that own their slots, with " +
        "their times to live to the millisecond, and follows slots that move meanwhile. The source is left as it is unless " +
        "--move says otherwise. A key that is there already with the same value is passed over, so that the same command " +
        "goes on after an interruption; one with another value is left alone, reported, and makes it exit 6.",
    )
    .argument("[seed]", "any node of the cluster, host:port; several with commas", seedsArgument)
    .addOption(
      new Option("--from <host:port>", "where the keys are; of a cluster any node")
        .argParser(addressArgument)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option(
        "--db <number>",
        "database of the source; all keeps the numbers where the cluster has several databases",
      )
        .argParser(databaseArgument)
        .default(0),
    )
    .option("--match <pattern>", "only keys that match, as with SCAN: user:*")
    .option("--move", "delete each key at the source once the cluster has acknowledged it")
    .addOption(new Option("--replace", "overwrite keys that the cluster has already").conflicts(["skipExisting"]))
    .option("--skip-existing", "pass over keys that the cluster has already, whatever their value")
    .addOption(
      new Option("--verify <how>", "compare a sample of 1000 keys, or each, with the source")
        .choices(["none", "sample", "full"])
        .default("sample"),
    )
    .option("--dry-run", "say what would be copied and change nothing")
    .option("--detailed-exitcode", "with --dry-run: exit 10 when there are keys to copy");
  addPaceOptions(addSourceOptions(command))
    .addHelpText(
      "after",
      `
The password of the source may also stand in SLOTCTL_FROM_AUTH.

Examples:
  slotctl import 10.0.0.1:7000 --from 10.0.0.9:6379
  slotctl import 10.0.0.1:7000 --from 10.0.0.9:6379 --db 3 --match 'user:*' --dry-run
  SLOTCTL_FROM_AUTH=… slotctl import 10.0.0.1:7000 --from old:6380 --from-user reader --from-tls --from-cacert ca.pem --yes
  slotctl import 10.0.0.1:7000 --from 10.0.0.9:6379 --move --verify full --yes -o json`,
    )
    .action(async (seeds, flags: Flags, self: Command) => {
      const { importFrom } = await import("../commands/import.ts");
      await runFromSeed(running, self, seeds, (context) => importFrom(optionsOf(flags), context));
    });
}

function addSourceOptions(command: Command): Command {
  const add = (flags: string, description: string) =>
    command.addOption(new Option(flags, description).helpGroup(SOURCE));
  add("--from-user <name>", "ACL user");
  add("--from-pass <password>", "password; better in SLOTCTL_FROM_AUTH or with --from-askpass");
  add("--from-askpass", "ask for the password, or read it from a pipe");
  add("--from-tls", "speak TLS to the source");
  add("--from-sni <name>", "server name for TLS");
  add("--from-cacert <file>", "CA that signed the source's certificate");
  add("--from-cert <file>", "client certificate");
  add("--from-key <file>", "private key of the client certificate");
  add("--from-insecure", "take any certificate");
  return command;
}

function addPaceOptions(command: Command): Command {
  const add = (option: Option) => command.addOption(option.helpGroup("Pace:"));
  add(
    new Option("--concurrency <batches>", "batches of up to 1000 keys that are on their way at a time")
      .argParser(countArgument(1))
      .default(4),
  );
  add(new Option("--rate <keys>", "keys a second (as fast as it goes)").argParser(countArgument(1)));
  return command;
}

function optionsOf(flags: Flags): ImportOptions {
  return {
    from: flags.from,
    login: {
      user: flags.fromUser,
      pass: flags.fromPass,
      askpass: flags.fromAskpass,
      tls: flags.fromTls,
      sni: flags.fromSni,
      cacert: flags.fromCacert,
      cert: flags.fromCert,
      key: flags.fromKey,
      insecure: flags.fromInsecure,
    },
    database: flags.db,
    match: flags.match,
    move: flags.move === true,
    existing: flags.replace === true ? "replace" : flags.skipExisting === true ? "skip" : "keep",
    verification: flags.verify,
    limits: { concurrency: flags.concurrency, keysPerSecond: flags.rate },
    dryRun: flags.dryRun === true,
    detailedExitCode: flags.detailedExitcode === true,
  };
}

function addressArgument(text: string): Address {
  const address = parseAddress(text);
  if (address === undefined) throw new InvalidArgumentError(ADDRESS_EXAMPLE);
  return address;
}

function databaseArgument(text: string): ImportOptions["database"] {
  if (text === "all") return "all";
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError("Expected the number of a database, or all");
  return Number(text);
}
