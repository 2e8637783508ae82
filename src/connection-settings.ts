import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ExitCode, SlotctlError } from "./errors.ts";
import type { ConnectSettings, Credentials, TlsSettings } from "./node/connect.ts";

/** How to connect, as it was asked for; every field may be missing. */
export interface ConnectionRequest {
  readonly user?: string | undefined;
  readonly pass?: string | undefined;
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

/**
 * Settings for every connection of this run.
 * @throws SlotctlError, exit code 2, for a file that cannot be used
 */
export function connectSettings(request: ConnectionRequest, timeout: number): ConnectSettings {
  return {
    credentials: credentialsOf(request),
    tls: request.tls === true ? tlsSettings(request) : undefined,
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

function credentialsOf({ user, pass }: ConnectionRequest): Credentials | undefined {
  // As with redis-cli, a user without a password means no login at all.
  return pass === undefined ? undefined : { user, password: pass };
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
    hint: `Check the path given with ${option}, or in the context; slotctl config show tells which`,
    cause,
  });
}

function usage(message: string, hint: string): SlotctlError {
  return new SlotctlError(message, { code: "USAGE", exitCode: ExitCode.Usage, hint });
}
