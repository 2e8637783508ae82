import { ExitCode, SlotctlError } from "../errors.ts";
import { type Address, parsePort } from "../model/address.ts";

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
  return new SlotctlError("The URI given with -u cannot be understood", {
    code: "USAGE",
    exitCode: ExitCode.Usage,
    hint: "Expected redis://user:password@host:port, with % escapes for special characters",
  });
}
