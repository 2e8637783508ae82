import { ExitCode, SlotctlError } from "../errors.ts";
import { type Address, formatAddress } from "../model/address.ts";
import type { ServerError } from "./node.ts";

/** What a failure text depends on; secrets are not part of it. */
interface Attempt {
  readonly tls?: unknown;
  readonly credentials?: unknown;
  readonly connectTimeout: number;
}

interface Explanation {
  readonly code: string;
  readonly why: string;
  readonly hint: string;
}

export function connectFailure(address: Address, attempt: Attempt, cause: unknown): SlotctlError {
  const { code, why, hint } = explainConnect(address, attempt, cause);
  return unreachable(`Could not connect to ${nameOf(address)}: ${why}`, { code, hint, cause });
}

function explainConnect(address: Address, { tls, connectTimeout }: Attempt, cause: unknown): Explanation {
  const { code: word = "", message } = errorOf(cause);
  switch (word) {
    case "ECONNREFUSED":
      return explained("connection refused", "Is the server running, and listening on that address and port?");
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return explained(`the name ${address.host} cannot be resolved`, "Check the spelling, or give the IP address", {
        code: "NAME_NOT_FOUND",
      });
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return explained("there is no route to that host", "Check the address; behind NAT use --address-map");
    case "ENOENT":
      return explained("there is no such socket", "Check the path given with -s");
    case "EACCES":
    case "EPERM":
      return explained("permission denied", "Check the permissions of the socket, or the firewall");
    case "ETIMEDOUT":
      return timedOut(connectTimeout, tls !== undefined);
  }
  if (message === "connect ETIMEDOUT") return timedOut(connectTimeout, tls !== undefined);
  if (tls !== undefined) return explainTls(word, message);
  if (word === "ECONNRESET" || message === "Connection is closed.") return closedAtOnce();
  return explained(message, "Check the address");
}

function timedOut(milliseconds: number, tls: boolean): Explanation {
  // A server without TLS takes the first bytes of a TLS handshake for an unfinished command, and waits for the rest.
  return explained(
    tls ? `no TLS answer within ${milliseconds / 1000} s` : `no answer within ${milliseconds / 1000} s`,
    tls
      ? "Does the server speak TLS on that port? If not, leave --tls away"
      : "The host may be down or a firewall may drop packets; --timeout sets how long to wait",
    { code: "CONNECT_TIMEOUT" },
  );
}

function explainTls(word: string, text: string): Explanation {
  const message = opensslReason(text);
  const code = "TLS_FAILED";
  if (/wrong version number|packet length too long/i.test(message)) {
    return explained("the server does not speak TLS on that port", "Leave --tls away, or use the server's tls-port", {
      code,
    });
  }
  if (/self.signed|unable to (get|verify)|issuer|UNABLE_TO|CERT_/i.test(`${word} ${message}`)) {
    return explained(
      `its certificate is not trusted (${message})`,
      "Give the CA that signed it with --cacert, or skip the check with --insecure",
      { code },
    );
  }
  if (/alert|handshake|ECONNRESET|closed|socket disconnected/i.test(`${word} ${message}`)) {
    return explained(
      `the TLS handshake failed (${message})`,
      "The server may want a client certificate (--cert and --key), or not speak TLS on that port",
      { code },
    );
  }
  return explained(`TLS failed: ${message}`, "Check --cacert, --cert, --key and --sni", { code });
}

/** "80CC…:error:0A00045C:SSL routines:ssl3_read_bytes:tlsv13 alert certificate required:…" holds one readable part. */
function opensslReason(message: string): string {
  return /SSL routines:[^:]*:([^:]+)/.exec(message)?.[1] ?? message.trim();
}

function closedAtOnce(): Explanation {
  return explained("the server closed the connection at once", "It may be a TLS port: try --tls", {
    code: "CONNECTION_CLOSED",
  });
}

/** The connection broke, or what came was not the Redis protocol, after it had been opened. */
export function serverClosed(address: Address, { tls }: Attempt, cause: unknown): SlotctlError {
  const { message, code: word = "" } = errorOf(cause);
  if (/protocol error|RESP|ParserError/i.test(`${errorOf(cause).name} ${message}`)) {
    return unreachable(`${nameOf(address)} does not speak the Redis protocol`, {
      code: "NOT_A_REDIS_SERVER",
      hint: "Is it another service's port? If it is a TLS port, use --tls",
      cause,
    });
  }
  if (tls !== undefined && /certificate|alert|ssl|tls/i.test(`${word} ${message}`)) {
    const { code, why, hint } = explainTls(word, message);
    return unreachable(`Could not connect to ${nameOf(address)}: ${why}`, { code, hint, cause });
  }
  return unreachable(`${nameOf(address)} closed the connection`, {
    code: "CONNECTION_CLOSED",
    hint:
      tls === undefined
        ? "The server may have stopped; if it is a TLS port, use --tls"
        : "The server may have stopped, or want a client certificate: --cert and --key",
    cause,
  });
}

export function serverSilent(address: Address, milliseconds: number, cause: unknown): SlotctlError {
  return unreachable(`${nameOf(address)} accepted the connection but did not answer within ${milliseconds / 1000} s`, {
    code: "NODE_SILENT",
    hint: "The process may be stopped, overloaded or no Redis server; if it is a TLS port, use --tls. --timeout sets how long to wait",
    cause,
  });
}

/** A snapshot that does not come to its end. `expected` is undefined where nobody knew how long it would be. */
export function rdbCutShort(
  address: Address,
  bytes: number,
  expected: number | undefined,
  cause: unknown,
): SlotctlError {
  const whole = expected === undefined ? "" : ` of ${expected}`;
  return unreachable(`${nameOf(address)} left after ${bytes}${whole} bytes of its data set`, {
    code: "TRANSFER_INCOMPLETE",
    hint: "The server may have stopped, or given up the transfer (client-output-buffer-limit replica); its log tells",
    cause,
  });
}

/** The server's refusal to let us in, or to let us see what every command needs. */
export function serverRefused(address: Address, error: ServerError): SlotctlError {
  const { code, why, hint } = explainRefusal(error);
  return unreachable(`${nameOf(address)} ${why}`, { code, hint, cause: error });
}

function explainRefusal({ word, message }: ServerError): Explanation {
  switch (word) {
    case "NOAUTH":
      return explained("asks for a password", "Give it with --askpass or in SLOTCTL_AUTH, and --user for an ACL user", {
        code: "AUTH_REQUIRED",
      });
    case "WRONGPASS":
      return explained("refused the user or password", "Check --user, and the password in SLOTCTL_AUTH or --askpass", {
        code: "AUTH_FAILED",
      });
    case "NOPERM":
      return explained(
        `does not let this user do that: ${message}`,
        "Give the ACL user the right, or use another --user",
        {
          code: "NO_PERMISSION",
        },
      );
    case "DENIED":
      return explained(
        "is in protected mode and takes no connections from other hosts",
        "Set a password on the server, or bind it to an address",
        { code: "PROTECTED_MODE" },
      );
    case "NOMASTERLINK":
      return explained("is a replica without a link to its primary", "Wait until it follows, or take the primary", {
        code: "UNEXPECTED_REPLY",
      });
    case "LOADING":
      return explained("is still loading its data set", "Wait until it has; slotctl wait --for ok does", {
        code: "NODE_LOADING",
      });
  }
  if (/AUTH.*(without any password|no password is set)/i.test(message)) {
    return explained("has no password set, but one was given", "Leave the password away, or check the address", {
      code: "AUTH_FAILED",
    });
  }
  if (/invalid (username-)?password|invalid password/i.test(message)) {
    return explained("refused the user or password", "Check --user, and the password in SLOTCTL_AUTH or --askpass", {
      code: "AUTH_FAILED",
    });
  }
  return explained(`answered: ${message}`, "Is it a Redis or Valkey server?", { code: "UNEXPECTED_REPLY" });
}

/** It answered something that no server we know would. `why` is already printable. */
export function malformedReply(address: Address, why: string): SlotctlError {
  return unreachable(`${nameOf(address)} gave an answer that makes no sense: ${why}`, {
    code: "MALFORMED_REPLY",
    hint: "Is it a Redis or Valkey server? If it is, please report this with the server's version",
  });
}

/** A standalone server or a sentinel where a cluster node is needed. */
export function notAClusterNode(address: Address, mode: "standalone" | "sentinel"): SlotctlError {
  const hint =
    mode === "sentinel"
      ? "Sentinel has its own port (26379 by default); give the address of a cluster node"
      : "Start it with cluster-enabled yes, or give the address of a cluster node";
  return unreachable(`${nameOf(address)} is a ${mode} server, not a cluster node`, {
    code: "NOT_A_CLUSTER_NODE",
    hint,
  });
}

function explained(why: string, hint: string, { code = "NODE_UNREACHABLE" } = {}): Explanation {
  return { code, why, hint };
}

function unreachable(
  message: string,
  { code, hint, cause }: { code: string; hint: string; cause?: unknown },
): SlotctlError {
  return new SlotctlError(message, { code, hint, cause, exitCode: ExitCode.Unreachable });
}

function errorOf(cause: unknown): { name: string; message: string; code?: string } {
  if (!(cause instanceof Error)) return { name: "", message: String(cause) };
  const code = "code" in cause && typeof cause.code === "string" ? { code: cause.code } : {};
  return { name: cause.name, message: cause.message, ...code };
}

function nameOf(address: Address): string {
  return address.host.startsWith("/") ? address.host : formatAddress(address);
}
