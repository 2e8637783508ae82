import { type Command, InvalidArgumentError, Option } from "commander";
import { type Address, parseAddress, parsePort } from "../model/address.ts";
import { type AddressMapping, parseAddressMapping } from "../model/address-map.ts";

/** The options that every command has, as commander hands them over. */
export interface GlobalOptions {
  readonly host?: string | true;
  readonly port?: number;
  readonly socket?: string;
  readonly pass?: string;
  readonly user?: string;
  readonly askpass?: boolean;
  readonly uri?: string;
  readonly ipv4?: boolean;
  readonly ipv6?: boolean;
  readonly tls?: boolean;
  readonly sni?: string;
  readonly cacert?: string;
  readonly cacertdir?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly insecure?: boolean;
  readonly context?: string;
  readonly addressMap?: readonly AddressMapping[];
  readonly zone?: ReadonlyMap<string, string>;
  /** Milliseconds. */
  readonly timeout?: number;
  readonly output: "human" | "json";
  readonly progress: "auto" | "json" | "none";
  readonly quiet?: boolean;
  readonly yes?: boolean;
  readonly color: boolean;
  readonly debug?: boolean;
}

const CONNECTION = "Connection:";
const OUTPUT = "Output:";

/** Declared on the program, and so understood before and after any command. */
export function addGlobalOptions(program: Command): void {
  const add = (
    group: string,
    flags: string,
    description: string,
    more: (option: Option) => Option = (option) => option,
  ) => program.addOption(more(new Option(flags, description).helpGroup(group)));

  add(CONNECTION, "-h, --host [host]", "node to start from, where no seed is given; a bare -h shows this help");
  add(CONNECTION, "-p, --port <port>", "port of the node given with -h (6379)", (option) =>
    option.argParser(portArgument),
  );
  add(CONNECTION, "-s, --socket <path>", "unix socket of the node to start from");
  add(CONNECTION, "-u, --uri <uri>", "redis://user:password@host:port, or rediss:// for TLS; also valkey://");
  add(CONNECTION, "--context <name>", "settings by this name in config.yaml; none leaves them out");
  add(CONNECTION, "--user <name>", "ACL user");
  add(CONNECTION, "-a, --pass <password>", "password; better in SLOTCTL_AUTH or with --askpass");
  add(CONNECTION, "--askpass", "ask for the password, or read it from a pipe");
  add(CONNECTION, "--tls", "speak TLS to every node");
  add(CONNECTION, "--sni <name>", "server name for TLS");
  add(CONNECTION, "--cacert <file>", "CA that signed the servers' certificates");
  add(CONNECTION, "--cacertdir <dir>", "folder with CA certificates, as for --cacert");
  add(CONNECTION, "--cert <file>", "client certificate");
  add(CONNECTION, "--key <file>", "private key of the client certificate");
  add(CONNECTION, "--insecure", "take any server certificate");
  add(CONNECTION, "-4, --ipv4", "prefer IPv4 addresses of names");
  add(CONNECTION, "-6, --ipv6", "prefer IPv6 addresses of names");
  add(
    CONNECTION,
    "--address-map <inside=outside>",
    "connect to outside where the servers say inside: NAT, containers (repeatable)",
    (option) => option.argParser(collectMapping),
  );
  add(CONNECTION, "--zone <host=zone>", "failure domain of a host (repeatable)", (option) =>
    option.argParser(collectZone),
  );
  add(
    CONNECTION,
    "--timeout <time>",
    "longest wait: 5s for an answer, 60s for the cluster; e.g. 500ms, 30s, 2m",
    (option) => option.argParser(timeoutArgument),
  );
  add(OUTPUT, "-o, --output <format>", "form of the result", (option) =>
    option.choices(["human", "json"]).default("human"),
  );
  add(OUTPUT, "--progress <how>", "progress on stderr; json is one event a line", (option) =>
    option.choices(["auto", "json", "none"]).default("auto"),
  );
  add(OUTPUT, "-q, --quiet", "nothing but the result");
  add(OUTPUT, "-y, --yes", "do not ask before a change");
  add(OUTPUT, "--no-color", "no colours; NO_COLOR does the same");
  add(OUTPUT, "--debug", "show the stack of an error");
}

/** "a:7000,b:7000": the first that answers is used. */
export function seedsArgument(text: string): readonly Address[] {
  return text.split(",").map((part) => {
    const address = parseAddress(part.trim());
    if (address === undefined) throw new InvalidArgumentError(`"${part}" is no address. ${ADDRESS_EXAMPLE}`);
    return address;
  });
}

export const ADDRESS_EXAMPLE = "Expected host:port, for example 10.0.0.1:7000 or [::1]:7000";

export function portArgument(text: string): number {
  const port = parsePort(text);
  if (port === undefined) throw new InvalidArgumentError("Expected a port from 1 to 65535");
  return port;
}

/** A whole number, nothing else: "10abc" and "-1" are mistakes, not 10 and 1. */
export function countArgument(minimum: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,9}$/.test(text) ? Number(text) : -1;
    if (number < minimum) throw new InvalidArgumentError(`Expected a whole number, ${minimum} or more`);
    return number;
  };
}

/** "500ms", "30s", "2m", or a bare number of seconds; in milliseconds. */
export function durationArgument(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  const factor = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match?.[2] ?? "s"]!;
  if (match === null) throw new InvalidArgumentError("Expected a time, for example 500ms, 30s or 2m");
  return Number(match[1]) * factor;
}

/** "10MB", "512kB", "2GB", or a bare number of bytes; in powers of 1000. */
export function sizeArgument(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kMG]?B)?$/i.exec(text);
  const factor = { b: 1, kb: 1e3, mb: 1e6, gb: 1e9 }[(match?.[2] ?? "B").toLowerCase()]!;
  if (match === null || Number(match[1]) * factor < 1) {
    throw new InvalidArgumentError("Expected a size of at least 1 byte, for example 512kB, 10MB or 2GB");
  }
  return Math.round(Number(match[1]) * factor);
}

/** A time that is not nothing: nobody answers in 0 s. */
function timeoutArgument(text: string): number {
  const milliseconds = durationArgument(text);
  if (milliseconds < 1) throw new InvalidArgumentError("Expected a time of at least 1ms");
  return milliseconds;
}

export function collectText(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

function collectMapping(text: string, before: readonly AddressMapping[] = []): readonly AddressMapping[] {
  const mapping = parseAddressMapping(text);
  if (mapping === undefined) {
    throw new InvalidArgumentError(
      "Expected inside=outside, for example 172.17.0.2=127.0.0.1 or 10.0.0.1:6379=localhost:7000",
    );
  }
  return [...before, mapping];
}

function collectZone(text: string, before: ReadonlyMap<string, string> = new Map()): ReadonlyMap<string, string> {
  const [host, zone, ...rest] = text.split("=");
  if (host === undefined || zone === undefined || host === "" || zone === "" || rest.length > 0) {
    throw new InvalidArgumentError("Expected host=zone, for example 10.0.0.1=eu-west-1a");
  }
  return new Map([...before, [host, zone]]);
}
