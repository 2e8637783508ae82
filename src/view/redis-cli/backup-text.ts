import { NODES_FILE } from "../../model/redis-cli-backup.ts";
import { type RedisCliStyle, redisCliLine } from "./style.ts";

/** The lines of `--cluster backup`; `directory` is as the user wrote it. */
export function savingText(label: string, style: RedisCliStyle): string {
  return redisCliLine("info", `>>> Node ${label} -> Saving RDB...`, style);
}

export function savingConfigurationText(directory: string, style: RedisCliStyle): string {
  const path = `${directory}${directory.endsWith("/") ? "" : "/"}${NODES_FILE}`;
  return redisCliLine("info", `Saving cluster configuration to: ${path}`, style);
}

export function troubledText(style: RedisCliStyle): string {
  const text = "*** Cluster seems to have some problems, please be aware of it if you're going to restore this backup.";
  return redisCliLine("warning", text, style);
}

export function savedText(directory: string, style: RedisCliStyle): string {
  return redisCliLine("ok", `[OK] Backup created into: ${directory}`, style);
}

export function isDirectoryText(directory: string, style: RedisCliStyle): string {
  return redisCliLine("error", `[ERR] ${directory} is not a valid directory`, style);
}
