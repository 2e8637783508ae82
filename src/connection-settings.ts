import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ExitCode, SlotctlError } from "./errors.ts";
import { type Address, parsePort } from "./model/address.ts";
import type { ConnectSettings, Credentials, TlsSettings } from "./node/connect.ts";

/** How to connect, as it was asked for; every field may be missing. */
export interface ConnectionRequest {
  readonly user?: string | undefined;
  readonly pass?: string | undefined;
  readonly uri?: string | undefined;
  readonly tls?: boolean | undefined;
  readonly sni?: string | undefined;
  readonly cacert?: string | undefined;
  readonly cacertdir?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly insecure?: boolean | undefined;
  /** TLS 1.2 ciphers and TLS 1.3 suites, each as OpenSSL writes them. */
  readonly ciphers?: string | undefined;
  readonly cipherSuites?: string | undefined;
  readonly ipv4?: boolean | undefined;
  readonly ipv6?: boolean | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Environment variables that may hold the password, the first that is set wins. */
const PASSWORD_VARIABLES = ["SLOTCTL_AUTH", "VALKEYCLI_AUTH", "REDISCLI_AUTH"] as const;

/**
 * Settings for every connection of this run. A password given as an option wins over one in the URI, and that over the
 * environment.
 * @throws SlotctlError, exit code 2, for a URI or a file that cannot be used
 */
export function connectSettings(
  request: ConnectionRequest,
  environment: Environment,
  timeout: number,
): ConnectSettings {
  const uri = request.uri === undefined ? undefined : parseUri(request.uri);
  return {
    credentials: credentialsOf(request, uri, environment),
    tls: request.tls === true || uri?.tls === true ? tlsSettings(request) : undefined,
    connectTimeout: timeout,
    commandTimeout: timeout,
    family: familyOf(request),
  };
}

function familyOf({ ipv4 = false, ipv6 = false }: ConnectionRequest): 4 | 6 | undefined {
  if (ipv4 && ipv6) throw usage("Options -4 and -6 exclude each other", "Give one of them");
  if (ipv4) return 4;
  return ipv6 ? 6 : undefined;
}

function credentialsOf(
  { user, pass }: ConnectionRequest,
  uri: ConnectionUri | undefined,
  environment: Environment,
): Credentials | undefined {
  const variable = PASSWORD_VARIABLES.find((name) => environment[name] !== undefined && environment[name] !== "");
  const password = pass ?? uri?.password ?? (variable === undefined ? undefined : environment[variable]);
  // As with redis-cli, a user without a password means no login at all.
  if (password === undefined) return undefined;
  return { user: user ?? uri?.user, password };
}

function tlsSettings(request: ConnectionRequest): TlsSettings {
  const { sni, cacert, cacertdir, cert, key, ciphers, cipherSuites, insecure = false } = request;
  const names = [cipherSuites, ciphers].filter((list) => list !== undefined);
  if ((cert === undefined) !== (key === undefined)) {
    throw usage("A client certificate needs both --cert and --key", "Give the other one as well");
  }
  const authorities = [
    ...(cacert === undefined ? [] : [readText(cacert, "--cacert")]),
    ...(cacertdir === undefined ? [] : readFolder(cacertdir)),
  ];
  return {
    ca: authorities.length === 0 ? undefined : authorities,
    cert: cert === undefined ? undefined : readText(cert, "--cert"),
    key: key === undefined ? undefined : readText(key, "--key"),
    serverName: sni,
    ciphers: names.length === 0 ? undefined : names.join(":"),
    insecure,
  };
}

function readFolder(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
      .filter((name) => /\.(pem|crt|cer|0)$/.test(name))
      .map((name) => readFileSync(join(directory, name), "utf8"));
  } catch (cause) {
    throw unreadable(directory, "--cacertdir", cause);
  }
}

function readText(path: string, option: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw unreadable(path, option, cause);
  }
}

function unreadable(path: string, option: string, cause: unknown): SlotctlError {
  const why = cause instanceof Error ? cause.message.split(",")[0] : String(cause);
  return new SlotctlError(`Cannot read ${path}: ${why}`, {
    code: "FILE_UNREADABLE",
    exitCode: ExitCode.Usage,
    hint: `Check the path given with ${option}`,
    cause,
  });
}

export interface ConnectionUri {
  readonly tls: boolean;
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** Undefined when the URI names no host. */
  readonly address: Address | undefined;
}

/**
 * "redis://user:p%40ss@host:6379/0", rediss:// for TLS, valkey:// and valkeys:// alike. The database is ignored.
 * @throws SlotctlError, exit code 2, that never repeats the URI: it may hold the password
 */
export function parseUri(text: string): ConnectionUri {
  const match = /^(rediss?|valkeys?):\/\/(?:([^@/]*)@)?(\[[^\]]+\]|[^:/?#]*)(?::(\d+))?(?:[/?#].*)?$/.exec(text);
  if (match === null) throw badUri();
  const [, scheme = "", login, host = "", port] = match;
  const [user, ...rest] = login?.split(":") ?? [];
  const number = port === undefined ? 6379 : parsePort(port);
  if (number === undefined) throw badUri();
  return {
    tls: scheme === "rediss" || scheme === "valkeys",
    user: user === undefined || user === "" ? undefined : decode(user),
    password: rest.length === 0 ? undefined : decode(rest.join(":")),
    address: host === "" ? undefined : { host: host.replace(/^\[|\]$/g, ""), port: number },
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw badUri();
  }
}

function badUri(): SlotctlError {
  return usage(
    "The URI given with -u cannot be understood",
    "Expected redis://user:password@host:port, with % escapes for special characters",
  );
}

function usage(message: string, hint: string): SlotctlError {
  return new SlotctlError(message, { code: "USAGE", exitCode: ExitCode.Usage, hint });
}
