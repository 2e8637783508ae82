import { type Command, Option } from "commander";
import { type Running, runWith } from "./open-context.ts";
import { countArgument, portArgument } from "./options.ts";

interface Flags {
  readonly nodes: number;
  readonly server?: string;
  readonly basePort?: number;
  readonly directory?: string;
  readonly addresses?: boolean;
}

/** The environment is handed in: it says where state lies and which server to start. */
export function addSandbox(
  program: Command,
  running: Running,
  environment: Readonly<Record<string, string | undefined>>,
): void {
  const sandbox = program
    .command("sandbox")
    .summary("start and stop throw-away servers on this machine")
    .description(
      "Real servers in cluster mode, on loopback, in a folder of their own: blank, to make a cluster of. " +
        "They run until they are stopped, and stop ends only those that start began.",
    );

  const directory = () => new Option("--directory <dir>", "where they live ($XDG_STATE_HOME/slotctl/sandbox)");
  const addresses = () => new Option("--addresses", "print the addresses only, on one line");
  const optionsOf = ({ directory, addresses = false }: Flags) => ({ directory, addresses, environment });

  sandbox
    .command("start")
    .summary("start blank servers")
    .addOption(new Option("--nodes <count>", "how many servers to start").argParser(countArgument(1)).default(6))
    .option("--server <program>", "the server to start: a path, or an engine such as valkey-8.1; also REDIS_SERVER")
    .addOption(new Option("--base-port <port>", "the first port (free ones are found)").argParser(portArgument))
    .addOption(directory())
    .addOption(addresses())
    .addHelpText(
      "after",
      `
Examples:
  slotctl sandbox start --nodes 6 --base-port 7000
  slotctl create $(slotctl sandbox start --nodes 6 --addresses) --replicas 1 --yes`,
    )
    .action(async (flags: Flags, command: Command) => {
      const { sandboxStart } = await import("../commands/sandbox.ts");
      const { nodes, server, basePort } = flags;
      const options = { ...optionsOf(flags), nodes, server, basePort };
      await runWith(running, command, [], (context) => sandboxStart(options, context), "none");
    });

  sandbox
    .command("status")
    .summary("show the servers; exits 1 when one of them is not running")
    .addOption(directory())
    .addOption(addresses())
    .action(async (flags: Flags, command: Command) => {
      const { sandboxShow } = await import("../commands/sandbox.ts");
      await runWith(running, command, [], (context) => sandboxShow(optionsOf(flags), context), "none");
    });

  sandbox
    .command("stop")
    .summary("stop the servers and remove their folder")
    .addOption(directory())
    .action(async (flags: Flags, command: Command) => {
      const { sandboxStop } = await import("../commands/sandbox.ts");
      await runWith(running, command, [], (context) => sandboxStop(optionsOf(flags), context), "none");
    });
}
