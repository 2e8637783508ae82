import { ExitCode } from "../errors.ts";
import { type Address, parseAddress } from "../model/address.ts";
import { SLOT_COUNT } from "../model/slot.ts";

/**
 * What a command line of redis-cli --cluster or valkey-cli --cluster asks for. Every `text` is complete, final newline
 * included; every warning is one line for stderr.
 */
export type DropIn =
  | {
      readonly kind: "command";
      readonly command: DropInCommand;
      readonly connection: DropInConnection;
      readonly warnings: readonly string[];
    }
  | Usage
  | { readonly kind: "version" }
  /** For stderr. */
  | { readonly kind: "error"; readonly text: string; readonly exitCode: typeof ExitCode.Failed };

interface Usage {
  readonly kind: "usage";
  readonly text: string;
  readonly stream: "stdout" | "stderr";
  readonly exitCode: typeof ExitCode.Ok | typeof ExitCode.Failed;
}

export interface DropInConnection {
  readonly user?: string;
  /** From -a, -u or the environment; never there together with `askPass`. */
  readonly password?: string;
  readonly askPass: boolean;
  readonly noAuthWarning: boolean;
  readonly tls: boolean;
  readonly insecure: boolean;
  readonly sni?: string;
  readonly cacert?: string;
  readonly cacertdir?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly ciphers?: string;
  readonly cipherSuites?: string;
  /** Fractions allowed; left out where the operating system decides. */
  readonly connectTimeoutSeconds?: number;
  readonly family?: 4 | 6;
}

export type DropInCommand =
  | DropInCreate
  | ({ readonly subcommand: "check" } & Checks)
  | { readonly subcommand: "info"; readonly address: Address }
  | DropInFix
  | DropInReshard
  | DropInRebalance
  | DropInAddNode
  | { readonly subcommand: "del-node"; readonly address: Address; readonly nodeId: string }
  | DropInCall
  | { readonly subcommand: "set-timeout"; readonly address: Address; readonly milliseconds: number }
  | DropInImport
  | ({ readonly subcommand: "backup"; readonly directory: string } & Checks);

/** What all that run the check engine of an existing cluster have in common. */
interface Checks {
  readonly address: Address;
  readonly searchMultipleOwners: boolean;
}

/** What all that move slots have in common. */
interface Moves {
  /** Milliseconds for one MIGRATE. */
  readonly timeout: number;
  /** Keys in one MIGRATE. */
  readonly pipeline: number;
  /** False where `pipeline` is only redis-cli's default, so that a better one may be chosen. */
  readonly pipelineGiven: boolean;
  readonly replace: boolean;
}

export interface DropInCreate {
  readonly subcommand: "create";
  /** As typed, in the order of the command line. */
  readonly addresses: readonly Address[];
  readonly replicas: number;
  readonly searchMultipleOwners: boolean;
  readonly yes: boolean;
}

export interface DropInFix extends Checks, Moves {
  readonly subcommand: "fix";
  readonly withUnreachablePrimaries: boolean;
  /** redis-cli asks before it covers slots all the same. */
  readonly yes: boolean;
}

export interface DropInReshard extends Checks, Moves {
  readonly subcommand: "reshard";
  /** Node ids; like `to` and `slots` asked for when left out. */
  readonly from?: "all" | readonly string[];
  readonly to?: string;
  readonly slots?: number;
  readonly atomic: boolean;
  readonly yes: boolean;
}

export interface DropInRebalance extends Checks, Moves {
  readonly subcommand: "rebalance";
  /** Nodes that no prefix names have weight 1. */
  readonly weights: readonly NodeWeight[];
  readonly useEmptyPrimaries: boolean;
  /** Percent. */
  readonly threshold: number;
  readonly simulate: boolean;
  readonly verbose: boolean;
  readonly atomic: boolean;
}

export interface NodeWeight {
  /** The beginning of a node id. */
  readonly prefix: string;
  readonly weight: number;
}

export interface DropInAddNode extends Checks {
  readonly subcommand: "add-node";
  readonly newAddress: Address;
  readonly replica: boolean;
  /** Whom to replicate; redis-cli chooses when it is left out. */
  readonly primaryId?: string;
}

export interface DropInCall {
  readonly subcommand: "call";
  readonly address: Address;
  /** The command and its arguments. */
  readonly words: readonly string[];
  readonly only?: "primaries" | "replicas";
}

export interface DropInImport extends Checks {
  readonly subcommand: "import";
  readonly from: Address;
  readonly fromUser?: string;
  readonly fromPassword?: string;
  readonly fromAskPass: boolean;
  readonly copy: boolean;
  readonly replace: boolean;
  readonly timeout: number;
}

/** What redis-cli takes where nothing is said. */
export const DROP_IN_DEFAULTS = { replicas: 0, timeout: 60_000, pipeline: 10, threshold: 2 } as const;

/**
 * True when these words, those after `slotctl`, are meant for redis-cli: `--cluster` stands among the leading options,
 * and is not the value of one. Behind a word of another kind it belongs to that command.
 */
export function isDropIn(argv: readonly string[]): boolean {
  for (let at = 0; argv[at]?.startsWith("-"); at += spanAt(argv, at) ?? 1) {
    if (argv[at] === "--cluster") return true;
  }
  return false;
}

/**
 * Reads a command line for which `isDropIn` holds, as redis-cli 7 and 8 and valkey-cli 8 and 9 do, with all their
 * options. Unlike them it takes no number that is not one, or that makes no sense. `readStdin` is called only for -x
 * and -X, with which standard input becomes an argument.
 */
export function parseDropIn(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  readStdin: () => string = () => "",
): DropIn {
  try {
    const given = scan(argv, readStdin);
    const connection = connectionOf(given, env);
    return { kind: "command", command: commandOf(given, env), connection, warnings: warningsOf(given) };
  } catch (error) {
    if (error instanceof Stop) return error.outcome;
    throw error;
  }
}

/** Ends the reading of a command line with something else than a command. Never leaves this file. */
class Stop extends Error {
  readonly outcome: DropIn;

  constructor(outcome: DropIn) {
    super(outcome.kind);
    this.outcome = outcome;
  }
}

function refusal(line: string): Stop {
  return new Stop({ kind: "error", text: `${line}\n`, exitCode: ExitCode.Failed });
}

const FLAGS = [
  "-4",
  "-6",
  "-x",
  "--askpass",
  "--cluster-copy",
  "--cluster-fix-with-unreachable-primaries",
  "--cluster-from-askpass",
  "--cluster-only-primaries",
  "--cluster-only-replicas",
  "--cluster-replace",
  "--cluster-replica",
  "--cluster-search-multiple-owners",
  "--cluster-simulate",
  "--cluster-use-atomic-slot-migration",
  "--cluster-use-empty-primaries",
  "--cluster-yes",
  "--insecure",
  "--no-auth-warning",
  "--tls",
  "--verbose",
] as const;

const VALUED = [
  "-X",
  "-a",
  "-p",
  "-t",
  "-u",
  "--cacert",
  "--cacertdir",
  "--cert",
  "--cluster-from",
  "--cluster-from-pass",
  "--cluster-from-user",
  "--cluster-pipeline",
  "--cluster-primary-id",
  "--cluster-replicas",
  "--cluster-slots",
  "--cluster-threshold",
  "--cluster-timeout",
  "--cluster-to",
  "--cluster-weight",
  "--key",
  "--show-pushes",
  "--sni",
  "--tls-ciphers",
  "--tls-ciphersuites",
  "--user",
] as const;

type Flag = (typeof FLAGS)[number];
type Valued = (typeof VALUED)[number];

/** Other spellings, mostly the older ones. */
const ALIASES: ReadonlyMap<string, Flag | Valued> = new Map([
  ["--pass", "-a"],
  ["--cluster-slave", "--cluster-replica"],
  ["--cluster-master-id", "--cluster-primary-id"],
  ["--cluster-only-masters", "--cluster-only-primaries"],
  ["--cluster-use-empty-masters", "--cluster-use-empty-primaries"],
  ["--cluster-fix-with-unreachable-masters", "--cluster-fix-with-unreachable-primaries"],
]);

/** Options of redis-cli that mean nothing to its cluster subcommands: they are read over, whatever their value. */
const FLAGS_WITHOUT_EFFECT =
  "-2 -3 -c -e --bigkeys --csv --hotkeys --json --keystats --latency --latency-dist --latency-history --ldb " +
  "--ldb-sync-mode --memkeys --mptcp --no-raw --pipe --quoted-input --quoted-json --raw --replica --scan --slave --stat";
const VALUED_WITHOUT_EFFECT =
  "-D -d -h -i -n -r -s --count --cursor --eval --functions-rdb --hotkeys-count --intrinsic-latency " +
  "--keystats-samples --lru-test --memkeys-samples --pattern --pipe-timeout --quoted-pattern --rdb --test_hint " +
  "--test_hint_file --top";

const FLAG_NAMES: ReadonlySet<string> = new Set([...FLAGS, ...FLAGS_WITHOUT_EFFECT.split(" ")]);
const VALUED_NAMES: ReadonlySet<string> = new Set([...VALUED, ...VALUED_WITHOUT_EFFECT.split(" ")]);

function canonical(word: string): string {
  return ALIASES.get(word) ?? word;
}

/** How many words the option at this place takes up, itself included; undefined when it is none or lacks its value. */
function spanAt(argv: readonly string[], at: number): number | undefined {
  const name = canonical(argv[at]!);
  if (FLAG_NAMES.has(name)) return 1;
  const next = argv[at + 1];
  if (!VALUED_NAMES.has(name) || next === undefined) return undefined;
  if (name !== "--cluster-weight") return 2;
  // A first word that is no weight is a mistake to complain of; redis-cli would go on and rebalance without weights.
  return 1 + (isPositional(next) && !isWeight(next) ? 1 : runAt(argv, at + 1, isWeight).length);
}

/** "--cluster-weight a=1 b=2" takes words for as long as they look like this. */
function isWeight(word: string): boolean {
  return word.includes("=") && !word.startsWith("--");
}

function isPositional(word: string): boolean {
  return !word.startsWith("-");
}

function runAt(argv: readonly string[], from: number, belongs: (word: string) => boolean): readonly string[] {
  const rest = argv.slice(from);
  const end = rest.findIndex((word) => !belongs(word));
  return end < 0 ? rest : rest.slice(0, end);
}

/** The words, sorted. */
interface Given {
  readonly subcommand: string;
  readonly positionals: readonly string[];
  /** By their canonical names, in the order in which they were given: the last of a name counts. */
  readonly options: readonly { readonly name: string; readonly value: string }[];
}

function scan(argv: readonly string[], readStdin: () => string): Given {
  const options: { name: string; value: string }[] = [];
  let subcommand: string | undefined;
  let positionals: readonly string[] = [];
  for (let at = 0; at < argv.length; ) {
    const word = argv[at]!;
    stopAt(word, at + 1 === argv.length);
    if (word === "--cluster") {
      if (subcommand !== undefined || at + 1 === argv.length) throw usage("stderr");
      subcommand = argv[at + 1]!;
      const run = runAt(argv, at + 2, isPositional);
      positionals = withStdin(run, options, readStdin);
      at += 2 + run.length;
    } else if (isPositional(word)) {
      const run = runAt(argv, at, isPositional);
      // As in redis-cli, options may stand between the subcommand and its arguments; further words are not looked at.
      if (positionals.length === 0) positionals = run;
      at += run.length;
    } else {
      const span = spanAt(argv, at);
      if (span === undefined) throw refusal(`Unrecognized option or bad number of args for: '${withoutSecret(word)}'`);
      options.push(...optionsIn(argv.slice(at, at + span)));
      at += span;
    }
  }
  if (subcommand === undefined) throw usage("stderr");
  return { subcommand, positionals, options };
}

function stopAt(word: string, isLast: boolean): void {
  if (word === "--help" || (word === "-h" && isLast)) throw usage("stdout");
  if (word === "--version" || word === "-v") throw new Stop({ kind: "version" });
}

function usage(stream: Usage["stream"]): Stop {
  return new Stop({
    kind: "usage",
    text: USAGE,
    stream,
    exitCode: stream === "stdout" ? ExitCode.Ok : ExitCode.Failed,
  });
}

/** One entry an option; one for each pair of --cluster-weight, so that giving it twice adds up. */
function optionsIn([word = "", ...values]: readonly string[]): Given["options"] {
  const name = canonical(word);
  if (name === "--cluster-weight") return values.map((value) => ({ name, value }));
  return [{ name, value: values[0] ?? "" }];
}

/** redis-cli heeds -x and -X only when they stand before --cluster. */
function withStdin(run: readonly string[], before: Given["options"], readStdin: () => string): readonly string[] {
  const tag = last({ options: before }, "-X");
  const append = has({ options: before }, "-x");
  if (tag === undefined) return append ? [...run, readStdin()] : run;
  if (append) throw refusal("Options -x and -X are mutually exclusive.");
  const place = run.indexOf(tag);
  if (place < 0) throw refusal("Using -X option but stdin tag not match.");
  return run.with(place, readStdin());
}

/** An option with its value attached, "-asecret" or "--pass=secret", is unknown, and must not be quoted in full. */
function withoutSecret(word: string): string {
  return word.replace(/^(-a|-u|--[^=]*(?:pass|auth)[^=]*=)(?=.).*$/is, "$1...");
}

function has({ options }: Pick<Given, "options">, flag: Flag): boolean {
  return options.some(({ name }) => name === flag);
}

function last({ options }: Pick<Given, "options">, option: Valued): string | undefined {
  return options.findLast(({ name }) => name === option)?.value;
}

type Environment = Readonly<Record<string, string | undefined>>;

function connectionOf(given: Given, env: Environment): DropInConnection {
  const askPass = has(given, "--askpass");
  const { user, password = passwordIn(env), tls } = credentialsOf(given);
  checkServerPort(last(given, "-p"));
  return defined({
    user,
    password: askPass ? undefined : password,
    askPass,
    noAuthWarning: has(given, "--no-auth-warning"),
    tls: tls || has(given, "--tls"),
    insecure: has(given, "--insecure"),
    sni: last(given, "--sni"),
    cacert: last(given, "--cacert"),
    cacertdir: last(given, "--cacertdir"),
    cert: last(given, "--cert"),
    key: last(given, "--key"),
    ciphers: last(given, "--tls-ciphers"),
    cipherSuites: last(given, "--tls-ciphersuites"),
    connectTimeoutSeconds: connectTimeoutOf(last(given, "-t")),
    family: familyOf(given),
  });
}

/** The object without the properties that are undefined. */
function defined<Value extends object>(value: { [Name in keyof Value]: Value[Name] | undefined }): Value {
  return Object.fromEntries(Object.entries(value).filter(([, property]) => property !== undefined)) as Value;
}

interface Credentials {
  user?: string;
  password?: string;
  tls: boolean;
}

/** The later of --user, -a and -u wins. */
function credentialsOf({ options }: Given): Credentials {
  const found: Credentials = { tls: false };
  for (const { name, value } of options) {
    if (name === "--user") found.user = value;
    if (name === "-a") found.password = value;
    if (name === "-u") Object.assign(found, parseUri(value));
  }
  return found;
}

/**
 * "rediss://user:password@host:port/db": what stands behind the @ is not used. A user or password alone before it is
 * the password, and an empty user is none.
 */
function parseUri(uri: string): Partial<Credentials> {
  const match = /^(?:redis|valkey)(s?):\/\/(.*)$/is.exec(uri);
  if (match === null) throw refusal("Invalid URI scheme");
  const tls = match[1] === "" ? {} : { tls: true };
  const userInfo = /^([^@]*)@/.exec(match[2]!)?.[1];
  if (userInfo === undefined) return tls;
  const colon = userInfo.indexOf(":");
  const user = percentDecoded(userInfo.slice(0, Math.max(colon, 0)));
  return { ...tls, ...(user === "" ? {} : { user }), password: percentDecoded(userInfo.slice(colon + 1)) };
}

function percentDecoded(text: string): string {
  if (text.endsWith("%")) throw refusal("Incomplete URI encoding");
  try {
    return decodeURIComponent(text);
  } catch {
    throw refusal("Illegal character in URI encoding");
  }
}

/** An empty variable counts as none; redis-cli would send an empty password. */
function passwordIn(env: Environment): string | undefined {
  return env.SLOTCTL_AUTH || env.VALKEYCLI_AUTH || env.REDISCLI_AUTH || undefined;
}

function checkServerPort(port: string | undefined): void {
  if (port !== undefined && wholeNumber(port, { least: 0, most: 65_535 }) === undefined) {
    throw refusal("Invalid server port.");
  }
}

function connectTimeoutOf(text: string | undefined): number | undefined {
  const seconds = text === undefined ? 0 : decimal(text);
  if (seconds === undefined) throw refusal("Invalid connection timeout for -t.");
  return seconds === 0 ? undefined : seconds;
}

function familyOf(given: Given): 4 | 6 | undefined {
  const [four, six] = [has(given, "-4"), has(given, "-6")];
  if (four && six) throw refusal("Options -4 and -6 are mutually exclusive.");
  if (four) return 4;
  return six ? 6 : undefined;
}

function warningsOf(given: Given): readonly string[] {
  const { password } = credentialsOf(given);
  const pushes = given.options.filter(({ name, value }) => name === "--show-pushes" && !/^[yn]/i.test(value));
  return [
    ...pushes.map(({ value }) => `Unknown --show-pushes value '${value}' (valid: '[y]es', '[n]o')`),
    ...(password === undefined || has(given, "--no-auth-warning") ? [] : [PASSWORD_WARNING]),
  ];
}

const PASSWORD_WARNING =
  "Warning: Using a password with '-a' or '-u' option on the command line interface may not be safe.";

/** What the commands are made from. */
interface Input {
  readonly given: Given;
  readonly positionals: readonly string[];
  readonly numbers: Numbers;
  readonly yes: boolean;
}

function commandOf(given: Given, env: Environment): DropInCommand {
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

/** Quotes what was typed, but for the password if it was a URI. */
function invalidAddressOf(text: string): Stop {
  return refusal(`Invalid address format: ${text.replace(/\/\/.*@/s, "//...@")}`);
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

const INVALID_ADDRESS =
  "[ERR] Invalid arguments: you need to pass either a valid address (ie. 120.0.0.1:7000) " +
  "or space separated IP and port (ie. 120.0.0.1 7000)";
const INVALID_SOURCE = "[ERR] Invalid --cluster-from host. You need to pass a valid address (ie. 120.0.0.1:7000).";

/** "host:port", or "host port" as two words; any third word is not looked at. */
function entryAddress({ positionals: [host = "", port] }: Input): Address {
  if (port === undefined) return nodeAddress(host);
  // One colon and a port of its own: "127.0.0.1:7000 7001" would be read as the host "127.0.0.1:7000".
  if (host.split(":").length === 2) throw refusal(INVALID_ADDRESS);
  return nodeAddress(`${host}:${port}`);
}

function nodeAddress(text: string): Address {
  return addressIn(text) ?? throwing(refusal(INVALID_ADDRESS));
}

/** Of "host:port@17000,name" only "host:port" counts: nodes tell their bus ports themselves. */
function addressIn(text: string): Address | undefined {
  const at = text.lastIndexOf("@");
  return parseAddress((at < 0 ? text : text.slice(0, at)).trim());
}

interface Numbers {
  readonly replicas: number;
  readonly slots: number | undefined;
  readonly timeout: number;
  readonly pipeline: number;
  readonly threshold: number;
  readonly weights: readonly NodeWeight[];
}

/** The largest number that redis-cli could hold. */
const INT_MAX = 2_147_483_647;

/**
 * redis-cli takes "abc" for 0 and "10abc" for 10. Some of what follows from that is harmless; a pipeline of 0 deletes
 * keys. So whatever is no number within its range is refused, even where the subcommand does not use it.
 */
function numbersOf(given: Given): Numbers {
  const threshold = last(given, "--cluster-threshold");
  return {
    replicas: wholeNumberOption(given, "--cluster-replicas", { least: 0, most: INT_MAX }) ?? DROP_IN_DEFAULTS.replicas,
    slots: wholeNumberOption(given, "--cluster-slots", { least: 1, most: SLOT_COUNT }),
    timeout: timeoutOf(given),
    pipeline: wholeNumberOption(given, "--cluster-pipeline", { least: 1, most: INT_MAX }) ?? DROP_IN_DEFAULTS.pipeline,
    threshold:
      threshold === undefined
        ? DROP_IN_DEFAULTS.threshold
        : (decimal(threshold) ?? throwing(invalid("--cluster-threshold", threshold, "a percentage of 0 or more"))),
    weights: given.options.filter(({ name }) => name === "--cluster-weight").map(({ value }) => weightIn(value)),
  };
}

/** Servers take a MIGRATE timeout of 0 for a second. */
function timeoutOf(given: Given): number {
  const timeout = wholeNumberOption(given, "--cluster-timeout", { least: 0, most: INT_MAX });
  return timeout === 0 ? 1000 : (timeout ?? DROP_IN_DEFAULTS.timeout);
}

/** "87c75b0c=2.5" */
function weightIn(text: string): NodeWeight {
  const [, prefix, number = ""] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  const weight = decimal(number);
  if (prefix === undefined || weight === undefined) {
    throw invalid("--cluster-weight", text, "the beginning of a node id, '=' and a number of 0 or more");
  }
  return { prefix, weight };
}

interface Range {
  readonly least: number;
  readonly most: number;
}

function wholeNumberOption(given: Given, option: Valued, range: Range): number | undefined {
  const text = last(given, option);
  if (text === undefined) return undefined;
  return wholeNumber(text, range) ?? throwing(invalid(option, text, wholeNumberText(range)));
}

function wholeNumber(text: string, { least, most }: Range): number | undefined {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  return number >= least && number <= most ? number : undefined;
}

function wholeNumberText({ least, most }: Range): string {
  return most === INT_MAX ? `a whole number of at least ${least}` : `a whole number from ${least} to ${most}`;
}

/** "2", "0.5", ".01"; nothing below zero, and no infinity. */
function decimal(text: string): number | undefined {
  const number = /^(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(number) ? number : undefined;
}

function invalid(what: string, value: string, expected: string): Stop {
  return refusal(`[ERR] Invalid ${what} '${value}': it must be ${expected}`);
}

function throwing(stop: Stop): never {
  throw stop;
}

/** The answer to `--cluster help`, laid out as in redis-cli. */
const HELP = `Cluster Manager Commands:
  create         host1:port1 ... hostN:portN
                 --cluster-replicas <number>
  check          host:port, or host port
                 --cluster-search-multiple-owners
  info           host:port, or host port
  fix            host:port, or host port
                 --cluster-search-multiple-owners
                 --cluster-fix-with-unreachable-masters
                 --cluster-timeout <milliseconds>
                 --cluster-pipeline <keys>
                 --cluster-replace
  reshard        host:port, or host port
                 --cluster-from <id,...,id or all>
                 --cluster-to <id>
                 --cluster-slots <number>
                 --cluster-yes
                 --cluster-timeout <milliseconds>
                 --cluster-pipeline <keys>
                 --cluster-replace
                 --cluster-use-atomic-slot-migration
  rebalance      host:port, or host port
                 --cluster-weight <id1=w1 ... idN=wN>
                 --cluster-use-empty-masters
                 --cluster-timeout <milliseconds>
                 --cluster-simulate
                 --cluster-pipeline <keys>
                 --cluster-threshold <percent>
                 --cluster-replace
                 --cluster-use-atomic-slot-migration
  add-node       new_host:new_port existing_host:existing_port
                 --cluster-slave
                 --cluster-master-id <id>
  del-node       host:port node_id
  call           host:port command arg ... arg
                 --cluster-only-masters
                 --cluster-only-replicas
  set-timeout    host:port milliseconds
  import         host:port
                 --cluster-from <host:port>
                 --cluster-from-user <name>
                 --cluster-from-pass <password>
                 --cluster-from-askpass
                 --cluster-copy
                 --cluster-replace
                 --cluster-timeout <milliseconds>
  backup         host:port directory
  ${"help".padEnd(15)}

In check, info, fix, reshard, rebalance, del-node, call, set-timeout, import and backup, name any working node of the cluster.

Cluster Manager Options:
  --cluster-yes  Automatic yes to cluster commands prompts

`;

const USAGE = `Usage: slotctl [options] --cluster <subcommand> [arguments] [--cluster-... options]
Takes the command lines of redis-cli --cluster and valkey-cli --cluster as they are.

  -a, --pass <password>  Password of all nodes. SLOTCTL_AUTH, VALKEYCLI_AUTH or REDISCLI_AUTH
                         in the environment keeps it out of the process list.
  --user <name>          ACL user; needs a password.
  --askpass              Ask for the password, or read it as a line from standard input.
  --no-auth-warning      Do not warn about a password on the command line.
  -u <uri>               redis://user:password@host, or rediss://... for TLS; valkey:// works as well.
                         The host and port are not used.
  --tls                  Connect with TLS.
  --sni <host>           Server name for TLS.
  --cacert <file>        CA certificates to verify the servers with.
  --cacertdir <dir>      Directory of such certificates.
  --cert <file>          Client certificate.
  --key <file>           Key of the client certificate.
  --insecure             Do not verify certificates.
  -t <seconds>           How long to wait for a connection; 0 leaves it to the system.
  -4, -6                 Prefer IPv4 or IPv6 when a name is looked up.
  -x                     Take standard input as the last argument; must stand before --cluster.
  -X <tag>               Take standard input in place of the argument <tag>; likewise.
  --verbose              Say more.
  --help                 Show this text.
  --version              Show the version.

All other options of redis-cli are accepted and have no effect.
slotctl --cluster help lists the subcommands; slotctl --help shows slotctl's own commands.
`;
