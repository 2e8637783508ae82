import { type Command, InvalidArgumentError, Option } from "commander";
import type { NamedAddress } from "../commands/create.ts";
import { parseAddress } from "../model/address.ts";
import { guideFor, inBulk, type Running, runWith } from "./open-context.ts";
import { ADDRESS_EXAMPLE, countArgument, durationArgument } from "./options.ts";

interface Flags {
  readonly replicas: number;
  readonly primaries?: number;
  readonly shard?: readonly (readonly NamedAddress[])[];
  readonly dryRun?: boolean;
  readonly detailedExitcode?: boolean;
  readonly planOut?: string;
  readonly wait: number;
  readonly ifNotExists?: boolean;
  readonly until: "joined" | "ok";
}

export function addCreate(program: Command, running: Running): void {
  program
    .command("create")
    .summary("make a cluster of blank servers")
    .description(
      "Makes one cluster of servers that hold nothing: spreads primaries over zones and hosts, gives them the slots, " +
        "puts replicas where they share as few failure domains as possible, and returns when every node itself says ok. " +
        "Run again after an interruption, it finishes the same cluster. Without nodes a terminal is asked for them.",
    )
    .argument("[nodes...]", "the servers, host:port", collectNode)
    .addOption(new Option("-r, --replicas <count>", "replicas for each primary").argParser(countArgument(0)).default(0))
    .addOption(new Option("--primaries <count>", "how many primaries").argParser(countArgument(1)))
    .addOption(
      new Option("--shard <primary,replica,…>", "a shard laid out by hand (repeatable), instead of nodes")
        .argParser(collectShard)
        .conflicts(["primaries"]),
    )
    .option("--dry-run", "show the plan and change nothing")
    .option("--detailed-exitcode", "with --dry-run: exit 10 when there are changes to make")
    .option("--plan-out <file>", "save the plan as JSON")
    .addOption(
      new Option("--wait <time>", "wait for servers that do not answer yet")
        .argParser(durationArgument)
        .default(0, "not at all"),
    )
    .option("--if-not-exists", "do nothing when they form such a cluster already, whoever plays which role")
    .addOption(
      new Option("--until <state>", "done when all nodes have joined, or when every one says ok")
        .choices(["joined", "ok"])
        .default("ok"),
    )
    .addHelpText(
      "after",
      `
Examples:
  slotctl create 10.0.0.{1..6}:6379 --replicas 1
  slotctl create --shard a:6379,b:6379 --shard b:6380,c:6379 --shard c:6380,a:6380 --dry-run
  slotctl create node{1..6}:6379 -r 1 --zone 10.0.0.1=a --zone 10.0.0.2=b --zone 10.0.0.3=c
  slotctl create $ADDRESSES --replicas 1 --wait 60s --if-not-exists --yes -o json`,
    )
    .action(async (nodes: readonly NamedAddress[], flags: Flags, command: Command) => {
      const guide = nodes.length === 0 && flags.shard === undefined ? guideFor(running, command) : undefined;
      if (guide !== undefined) return guide(command, "create", []);
      const { create } = await import("../commands/create.ts");
      const {
        replicas,
        primaries,
        shard,
        wait,
        planOut,
        dryRun = false,
        detailedExitcode = false,
        ifNotExists = false,
        until,
      } = flags;
      const addresses = addressesOf(nodes, shard, command);
      const options = {
        addresses,
        replicas,
        primaries,
        shards: shard?.map((members) => members.map(({ typed }) => typed)),
        dryRun,
        detailedExitCode: detailedExitcode,
        planOut,
        wait,
        ifNotExists,
        until,
      };
      const named = addresses.map(({ address }) => address);
      await runWith(
        running,
        command,
        named,
        inBulk((context) => create(options, context)),
      );
    });
}

function addressesOf(
  nodes: readonly NamedAddress[],
  shards: Flags["shard"],
  command: Command,
): readonly NamedAddress[] {
  if (shards !== undefined && nodes.length > 0)
    command.error("error: give the nodes either by themselves or with --shard");
  const addresses = shards?.flat() ?? nodes;
  if (addresses.length === 0) command.error("error: no nodes given");
  return addresses;
}

function collectNode(text: string, before: readonly NamedAddress[] = []): readonly NamedAddress[] {
  return [...before, namedAddress(text)];
}

function collectShard(
  text: string,
  before: readonly (readonly NamedAddress[])[] = [],
): readonly (readonly NamedAddress[])[] {
  return [...before, text.split(",").map((part) => namedAddress(part.trim()))];
}

export function namedAddress(typed: string): NamedAddress {
  const address = parseAddress(typed);
  if (address === undefined) throw new InvalidArgumentError(`"${typed}" is no address. ${ADDRESS_EXAMPLE}`);
  return { typed, address };
}
