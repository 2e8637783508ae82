import type { Address } from "../../model/address.ts";
import { type RedisCliStyle, redisCliAddress, redisCliLine } from "./style.ts";

/** The first line of `import`, before anything is asked. */
export function importingText(from: Address, to: Address, style: Pick<RedisCliStyle, "colour">): string {
  return redisCliLine(
    "info",
    `>>> Importing data from ${redisCliAddress(from)} to cluster ${redisCliAddress(to)}`,
    style,
  );
}

export function clusterSourceText(style: Pick<RedisCliStyle, "colour">): string {
  return redisCliLine("error", "[ERR] The source node should not be a cluster node.", style);
}

export function importCountText(keys: number, style: Pick<RedisCliStyle, "colour">): string {
  return redisCliLine("warning", `*** Importing ${keys} keys from DB 0`, style);
}

/** "Migrating user:1 to 127.0.0.1:7001: OK". A terminal must not obey a key: control characters become "?". */
export function migratingText(key: Buffer, target: string, style: Pick<RedisCliStyle, "colour">): string {
  return migrating(key, target) + redisCliLine("ok", "OK", style);
}

export function notMigratedText(
  key: Buffer,
  target: string,
  { source, why, colour }: { readonly source: Address; readonly why: string; readonly colour: boolean },
): string {
  return migrating(key, target) + sourceErrorText(source, why, { colour });
}

export function sourceErrorText(source: Address, why: string, style: Pick<RedisCliStyle, "colour">): string {
  return redisCliLine("error", `Source ${redisCliAddress(source)} replied with error:\n${why}`, style);
}

function migrating(key: Buffer, target: string): string {
  return `Migrating ${key.toString("utf8").replace(/[\u0000-\u001f\u007f-\u009f]/g, "?")} to ${target}: `;
}
