import type { Address } from "../../model/address.ts";
import type { ServerError } from "../../node/node.ts";

/** Why a server does not carry out a RESTORE. */
export type Verdict =
  | { readonly kind: "exists" }
  /** The slot has passed to another node; `host` is undefined where that is the host that answered. */
  | { readonly kind: "moved" | "ask"; readonly slot: number; readonly host: string | undefined; readonly port: number }
  /** It passes by itself. */
  | { readonly kind: "wait"; readonly why: string }
  /** It cannot take this one key. */
  | { readonly kind: "refused"; readonly why: string }
  /** It takes none. */
  | { readonly kind: "stop"; readonly error: ServerError };

const PASSING: ReadonlySet<string> = new Set(["CLUSTERDOWN", "TRYAGAIN", "LOADING", "BUSY", "MASTERDOWN"]);

export function verdictOf(error: ServerError): Verdict {
  const { word, message } = error;
  if (word === "BUSYKEY") return { kind: "exists" };
  if (word === "MOVED" || word === "ASK") return redirection(error);
  if (PASSING.has(word)) return { kind: "wait", why: message };
  if (/Bad data format|payload version or checksum/i.test(message)) return { kind: "refused", why: message };
  return { kind: "stop", error };
}

/** "MOVED 3999 127.0.0.1:6381"; without a host, or with "?" for one, it is the host that answered. */
function redirection(error: ServerError): Verdict {
  const match = /^(MOVED|ASK) (\d+) (.*):(\d+)$/.exec(error.message);
  if (match === null) return { kind: "stop", error };
  const [, word, slot, host = "", port] = match;
  const kind = word === "MOVED" ? "moved" : "ask";
  return { kind, slot: Number(slot), host: host === "" || host === "?" ? undefined : host, port: Number(port) };
}

/** Where a redirection leads, as the servers call the place. */
export function placeOf(
  { host, port }: { readonly host: string | undefined; readonly port: number },
  answered: Address,
): Address {
  return { host: host ?? answered.host, port };
}
