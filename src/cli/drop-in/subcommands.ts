import { ExitCode } from "../../errors.ts";
import type { Address } from "../../model/address.ts";
import { addressIn, entryAddress, INVALID_SOURCE, invalidAddressOf, nodeAddress } from "./addresses.ts";
import { defined } from "./defined.ts";
import type { Environment } from "./drop-in.ts";
import type {
  Checks,
  DropInAddNode,
  DropInCall,
  DropInCommand,
  DropInCreate,
  DropInFix,
  DropInImport,
  DropInRebalance,
  DropInReshard,
  Moves,
} from "./drop-in-command.ts";
import { type Given, has, last } from "./given.ts";
import { HELP } from "./help-text.ts";
import { INT_MAX, invalid, type Numbers, numbersOf, wholeNumber, wholeNumberText } from "./numbers.ts";
import { refusal, Stop, throwing } from "./stop.ts";

/** What the commands are made from. */
interface Input {
  readonly given: Given;
  readonly positionals: readonly string[];
  readonly numbers: Numbers;
  readonly yes: boolean;
}

export function commandOf(given: Given, env: Environment): DropInCommand {
  const { subcommand, positionals } = given;
  if (subcommand === "help") {
    throw new Stop({ kind: "usage", text: HELP, stream: "stdout", exitCode: ExitCode.Failed });
  }
  const known = SUBCOMMANDS.get(subcommand);
  if (known === undefined) throw refusal("Unknown --cluster subcommand");
  if (positionals.length < known.least || positionals.length > (known.most ?? Number.POSITIVE_INFINITY)) {
    throw refusal("[ERR] Wrong number of arguments for specified --cluster sub command");
  }
  const yes = has(given, "--cluster-yes") || saysYes(env);
  return known.parse({ given, positionals, numbers: numbersOf(given), yes });
}

/** As in valkey-cli 9, a VALKEYCLI variable hides the other one even when it says no. */
function saysYes(env: Environment): boolean {
  return (env.VALKEYCLI_CLUSTER_YES ?? env.REDISCLI_CLUSTER_YES) === "1";
}

interface Subcommand {
  readonly least: number;
  readonly most?: number;
  readonly parse: (input: Input) => DropInCommand;
}

const SUBCOMMANDS: ReadonlyMap<string, Subcommand> = new Map<string, Subcommand>([
  ["create", { least: 1, parse: parseCreate }],
  ["check", { least: 1, parse: (input) => ({ subcommand: "check", ...checksOf(input, entryAddress(input)) }) }],
  ["info", { least: 1, parse: (input) => ({ subcommand: "info", address: entryAddress(input) }) }],
  ["fix", { least: 1, parse: parseFix }],
  ["reshard", { least: 1, parse: parseReshard }],
  ["rebalance", { least: 1, parse: parseRebalance }],
  ["add-node", { least: 2, most: 2, parse: parseAddNode }],
  ["del-node", { least: 2, most: 2, parse: parseDelNode }],
  ["call", { least: 2, parse: parseCall }],
  ["set-timeout", { least: 2, most: 2, parse: parseSetTimeout }],
  ["import", { least: 1, most: 1, parse: parseImport }],
  ["backup", { least: 2, most: 2, parse: parseBackup }],
]);

function parseCreate({ given, positionals, numbers, yes }: Input): DropInCreate {
  return {
    subcommand: "create",
    addresses: positionals.map((text) => addressIn(text) ?? throwing(invalidAddressOf(text))),
    replicas: numbers.replicas,
    searchMultipleOwners: has(given, "--cluster-search-multiple-owners"),
    yes,
  };
}

function parseFix(input: Input): DropInFix {
  const withUnreachablePrimaries = has(input.given, "--cluster-fix-with-unreachable-primaries");
  const shared = { ...checksOf(input, entryAddress(input)), ...movesOf(input) };
  return { subcommand: "fix", ...shared, withUnreachablePrimaries, yes: input.yes };
}

function parseReshard(input: Input): DropInReshard {
  const { given, numbers, yes } = input;
  const sources = last(given, "--cluster-from")?.split(",").filter(Boolean);
  return defined<DropInReshard>({
    subcommand: "reshard",
    ...checksOf(input, entryAddress(input)),
    ...movesOf(input),
    from: sources?.includes("all") ? "all" : sources,
    to: last(given, "--cluster-to"),
    slots: numbers.slots,
    atomic: has(given, "--cluster-use-atomic-slot-migration"),
    yes,
  });
}

function parseRebalance(input: Input): DropInRebalance {
  const { given, numbers } = input;
  return {
    subcommand: "rebalance",
    ...checksOf(input, entryAddress(input)),
    ...movesOf(input),
    weights: numbers.weights,
    useEmptyPrimaries: has(given, "--cluster-use-empty-primaries"),
    threshold: numbers.threshold,
    simulate: has(given, "--cluster-simulate"),
    verbose: has(given, "--verbose"),
    atomic: has(given, "--cluster-use-atomic-slot-migration"),
  };
}

function parseAddNode(input: Input): DropInAddNode {
  const { given, positionals } = input;
  const replica = has(given, "--cluster-replica");
  return defined<DropInAddNode>({
    subcommand: "add-node",
    newAddress: nodeAddress(positionals[0]!),
    ...checksOf(input, nodeAddress(positionals[1]!)),
    replica,
    primaryId: replica ? last(given, "--cluster-primary-id") : undefined,
  });
}

function parseDelNode({ positionals: [address = "", nodeId = ""] }: Input): DropInCommand {
  return { subcommand: "del-node", address: nodeAddress(address), nodeId };
}

function parseCall({ given, positionals: [address = "", ...words] }: Input): DropInCall {
  const primaries = has(given, "--cluster-only-primaries");
  const replicas = has(given, "--cluster-only-replicas");
  // redis-cli would call nobody, and say that all went well.
  if (primaries && replicas)
    throw refusal("[ERR] --cluster-only-masters and --cluster-only-replicas exclude each other");
  const only = primaries ? "primaries" : replicas ? "replicas" : undefined;
  return defined<DropInCall>({ subcommand: "call", address: nodeAddress(address), words, only });
}

function parseSetTimeout({ positionals: [address = "", text = ""] }: Input): DropInCommand {
  const node = nodeAddress(address);
  // Like atoi: whatever does not begin with a number is 0.
  if ((Number.parseInt(text, 10) || 0) < 100) {
    throw refusal("Setting a node timeout of less than 100 milliseconds is a bad idea.");
  }
  const range = { least: 100, most: INT_MAX };
  const milliseconds = wholeNumber(text, range) ?? throwing(invalid("node timeout", text, wholeNumberText(range)));
  return { subcommand: "set-timeout", address: node, milliseconds };
}

function parseImport(input: Input): DropInImport {
  const { given, positionals, numbers } = input;
  const address = nodeAddress(positionals[0]!);
  const source = last(given, "--cluster-from");
  if (source === undefined) throw refusal("[ERR] Option '--cluster-from' is required for subcommand 'import'.");
  const fromAskPass = has(given, "--cluster-from-askpass");
  return defined<DropInImport>({
    subcommand: "import",
    ...checksOf(input, address),
    from: addressIn(source) ?? throwing(refusal(INVALID_SOURCE)),
    fromUser: last(given, "--cluster-from-user"),
    fromPassword: fromAskPass ? undefined : last(given, "--cluster-from-pass"),
    fromAskPass,
    copy: has(given, "--cluster-copy"),
    replace: has(given, "--cluster-replace"),
    timeout: numbers.timeout,
  });
}

function parseBackup(input: Input): DropInCommand {
  const [address = "", directory = ""] = input.positionals;
  return { subcommand: "backup", ...checksOf(input, nodeAddress(address)), directory };
}

function checksOf({ given }: Input, address: Address): Checks {
  return { address, searchMultipleOwners: has(given, "--cluster-search-multiple-owners") };
}

function movesOf({ given, numbers: { timeout, pipeline } }: Input): Moves {
  const pipelineGiven = last(given, "--cluster-pipeline") !== undefined;
  return { timeout, pipeline, pipelineGiven, replace: has(given, "--cluster-replace") };
}
