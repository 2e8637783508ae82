import type { Address } from "../../model/address.ts";

/** Whose words: those of redis-cli, or those of valkey-cli since 8.0. */
export type Wording = "redis" | "valkey";

export interface RedisCliStyle {
  readonly wording: Wording;
  /** Whether to colour; redis-cli does when TERM contains "xterm", terminal or not. */
  readonly colour: boolean;
}

/** How what was found from one entry node is shown. */
export interface ClusterStyle extends RedisCliStyle {
  /** "host:port" of the entry node as the user typed it; all other nodes are named by the address that they announce. */
  readonly seedLabel: string;
}

/** How loud a line is: `info` for ">>> …", `ok` for "[OK] …", `warning` for "*** …", `error` for "[ERR]" and "[WARNING]". */
export type Level = "plain" | "info" | "ok" | "warning" | "error";

/**
 * One line as redis-cli writes it. The colour is reset behind the newline, that is, at the start of the next line:
 * scripts that compare whole coloured lines have seen it there.
 */
export function redisCliLine(level: Level, text: string, { colour }: Pick<RedisCliStyle, "colour">): string {
  return colour && level !== "plain" ? `\u001b[${COLOURS[level]}m${text}\n\u001b[0m` : `${text}\n`;
}

export const COLOURS = { info: "29;1", ok: "32;1", warning: "33;1", error: "31;1" };

/** What the two tools call things. Node blocks are the exception: both say master and slave there. */
export const WORDS = {
  redis: { Primary: "Master", primary: "master", primaries: "masters", replica: "slave", replicas: "slaves" },
  valkey: { Primary: "Primary", primary: "primary", primaries: "primaries", replica: "replica", replicas: "replicas" },
};

/** "host:port", without brackets around IPv6. */
export function redisCliAddress({ host, port }: Pick<Address, "host" | "port">): string {
  return `${host}:${port}`;
}
