import { type Command, Option } from "commander";
import type { ConfigSetOptions } from "../commands/config.ts";
import { ExitCode, SlotctlError } from "../errors.ts";
import { type Environment, type Running, runFromSeed, runWith } from "./open-context.ts";
import { collectText, durationArgument, type GlobalOptions, seedsArgument } from "./options.ts";
import { SEED_WORD, seedAndRest } from "./seed-words.ts";

interface NodeFlags {
  readonly only?: "primaries" | "replicas";
  readonly node: readonly string[];
}

interface SetFlags extends NodeFlags {
  readonly rewrite?: boolean;
  readonly dryRun?: boolean;
  readonly detailedExitcode?: boolean;
}

export function addConfig(program: Command, running: Running, environment: Environment): void {
  const config = program
    .command("config")
    .summary("settings of the servers (get, set), and how they are reached (show, contexts)")
    .description(
      "get and set read and change server settings on all nodes of a cluster at once. show and contexts tell how " +
        "slotctl reaches a cluster: what the command line, the environment and the contexts of config.yaml make of it.",
    );
  addShow(config, running, environment);

  addNodeOptions(
    config
      .command("get")
      .summary("show settings, and where they differ")
      .description("Shows settings of every node, equal ones once. Exits 1 when a node did not tell.")
      .usage("[options] [seed] <names...>")
      .argument("[words...]", `${SEED_WORD}; then names, or patterns such as maxmemory*`),
  )
    .addHelpText(
      "after",
      `
Examples:
  slotctl config get 10.0.0.1:7000 maxmemory maxmemory-policy
  slotctl config get 10.0.0.1:7000 'cluster-*' --only primaries -o json`,
    )
    .action(async (words: readonly string[], flags: NodeFlags, self: Command) => {
      const { configGet } = await import("../commands/config.ts");
      const { seeds, rest } = seedAndRest(words, self.optsWithGlobals<GlobalOptions>());
      if (rest.length === 0) throw usage("No setting was named", "slotctl config get 10.0.0.1:7000 maxmemory");
      const options = { patterns: rest, only: flags.only, nodes: flags.node };
      await runFromSeed(running, self, seeds, (context) => configGet(options, context));
    });

  addSetOptions(
    config
      .command("set")
      .summary("change settings on every node")
      .description(
        "Changes settings on every node and in its configuration file, and says of each what became of it: a server " +
          "without such a file has the new value and forgets it at a restart. Exits 6 when some have it and others not.",
      )
      .usage("[options] [seed] <name> <value> [<name> <value>...]")
      .argument("[words...]", `${SEED_WORD}; then names and values in turn`),
  )
    .addHelpText(
      "after",
      `
Examples:
  slotctl config set 10.0.0.1:7000 maxmemory 4gb maxmemory-policy noeviction
  slotctl config set 10.0.0.1:7000 cluster-allow-replica-migration no --no-rewrite --yes`,
    )
    .action(async (words: readonly string[], flags: SetFlags, self: Command) => {
      const { configSet } = await import("../commands/config.ts");
      const { seeds, rest } = seedAndRest(words, self.optsWithGlobals<GlobalOptions>());
      if (rest.length === 0 || rest.length % 2 === 1) {
        throw usage("Names and values have to come in pairs", "slotctl config set 10.0.0.1:7000 maxmemory 4gb");
      }
      const settings = rest.flatMap((name, i) => (i % 2 === 0 ? [[name, rest[i + 1]!] as const] : []));
      await runFromSeed(running, self, seeds, (context) => configSet(optionsOf(flags, settings), context));
    });
}

/** What slotctl itself is set to, without asking any server. */
function addShow(config: Command, running: Running, environment: Environment): void {
  config
    .command("show")
    .summary("show how a cluster would be reached, and what says so")
    .description(
      "Shows every setting that a command given the same options would connect with, and where it comes from: command " +
        "line, environment, context, or default, in this order. Connects to nothing and fetches no password.",
    )
    .argument("[seed]", "any node of the cluster, host:port; several with commas", seedsArgument)
    .addHelpText(
      "after",
      `
Examples:
  slotctl config show
  slotctl config show --context prod -o json`,
    )
    .action(async (seeds, _: unknown, self: Command) => {
      const { configShow } = await import("../commands/config-show.ts");
      await runWith(running, self, seeds, (context) => configShow({ environment }, context), "shown");
    });

  config
    .command("contexts")
    .summary("list the contexts")
    .description(
      "Lists the contexts of config.yaml: names for clusters, with seeds, login, TLS files and zones. The one that counts " +
        "is marked.",
    )
    .addHelpText(
      "after",
      `
Examples:
  slotctl config contexts`,
    )
    .action(async (_: unknown, self: Command) => {
      const { configContexts } = await import("../commands/config-show.ts");
      await runWith(running, self, [], (context) => configContexts({ environment }, context), "shown");
    });
}

const TIMEOUT_EXAMPLE = "slotctl set-timeout 10.0.0.1:7000 15s";

/** redis-cli's own form of one setting. */
export function addSetTimeout(program: Command, running: Running): void {
  addSetOptions(
    program
      .command("set-timeout")
      .summary("set the node timeout of every node")
      .description("Sets cluster-node-timeout on every node and in its configuration file, as config set does.")
      .usage("[options] [seed] <time>")
      .argument("[words...]", `${SEED_WORD}; then the time: 15s, or 500ms`),
  )
    .addHelpText(
      "after",
      `
Examples:
  slotctl set-timeout 10.0.0.1:7000 15s`,
    )
    .action(async (words: readonly string[], flags: SetFlags, self: Command) => {
      const { configSet } = await import("../commands/config.ts");
      const { seeds, rest } = seedAndRest(words, self.optsWithGlobals<GlobalOptions>());
      if (rest.length !== 1) throw usage("One time is needed", TIMEOUT_EXAMPLE);
      // redis-cli counts in milliseconds, our options in seconds: a bare number would be taken for either.
      const [time = ""] = rest;
      if (/\d$/.test(time)) throw usage(`A node timeout needs its unit: ${time}ms or ${time}s`, TIMEOUT_EXAMPLE);
      const milliseconds = durationArgument(time);
      if (milliseconds < 100) throw usage("A node timeout of less than 100 ms is too short", TIMEOUT_EXAMPLE);
      const settings = [["cluster-node-timeout", String(Math.round(milliseconds))] as const];
      await runFromSeed(running, self, seeds, (context) => configSet(optionsOf(flags, settings), context));
    });
}

function addNodeOptions(command: Command): Command {
  return command
    .addOption(new Option("--only <role>", "nodes of one role only").choices(["primaries", "replicas"]))
    .addOption(
      new Option("--node <node>", "this node: an id, the beginning of one, or host:port (repeatable)")
        .argParser(collectText)
        .default([], "all nodes"),
    );
}

function addSetOptions(command: Command): Command {
  return addNodeOptions(command)
    .option("--rewrite", "fail where the configuration file cannot be written (written where there is one)")
    .option("--no-rewrite", "leave the configuration files alone")
    .option("--dry-run", "show what would change and change nothing")
    .option("--detailed-exitcode", "with --dry-run: exit 10 when there are changes to make");
}

function optionsOf(flags: SetFlags, settings: ConfigSetOptions["settings"]): ConfigSetOptions {
  return {
    settings,
    only: flags.only,
    nodes: flags.node,
    rewrite: flags.rewrite,
    dryRun: flags.dryRun === true,
    detailedExitCode: flags.detailedExitcode === true,
  };
}

function usage(message: string, example: string): SlotctlError {
  return new SlotctlError(message, { code: "USAGE", exitCode: ExitCode.Usage, hint: `For example: ${example}` });
}
