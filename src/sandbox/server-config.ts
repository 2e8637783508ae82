import { isIP } from "node:net";
import type { Engine } from "./find-server.ts";

type Value = string | number | undefined;

/**
 * Directives by name, with their values as they stand in the file: `save` with `""`. A list is one line for each, and
 * undefined none.
 */
export type Settings = Readonly<Record<string, Value | readonly Value[]>>;

export const CONFIG_FILE = "redis.conf";
export const LOG_FILE = "server.log";

export interface ServerPlace {
  /** The server's alone. */
  readonly directory: string;
  readonly host: string;
  readonly port: number;
  readonly engine: Engine;
}

/** What every throw-away server has in common: nothing is kept, and it stays in its own directory. */
export function baseSettings({ directory, host, port, engine }: ServerPlace): Settings {
  return {
    // The first line: the server looks for its log and its other files there.
    dir: quote(directory),
    port,
    bind: host,
    // From 127.0.0.1 as usual, a server on 127.0.0.2 would tell the others that it is to be found there. Servers
    // before 7.0 do not know this setting, and need none.
    "bind-source-addr": isIP(host) !== 0 && majorVersion(engine) >= 7 ? host : undefined,
    "protected-mode": "no",
    daemonize: "no",
    logfile: LOG_FILE,
    loglevel: "notice",
    save: '""',
    appendonly: "no",
    "repl-diskless-sync-delay": 0,
  };
}

function majorVersion({ version }: Engine): number {
  return Number.parseInt(version, 10);
}

export function clusterSettings(nodeTimeout: number): Settings {
  return {
    "cluster-enabled": "yes",
    "cluster-config-file": "nodes.conf",
    "cluster-node-timeout": nodeTimeout,
  };
}

/** One "name value" line each. */
export function configText(settings: Settings): string {
  return Object.entries(settings)
    .flatMap(([name, value]) => [value].flat().map((one) => (one === undefined ? "" : `${name} ${one}\n`)))
    .join("");
}

/** A value with blanks, quotes or control characters in it, as redis.conf writes it: "a b\x0a". */
export function quote(value: string): string {
  const escaped = value
    .replace(/["\\]/g, "\\$&")
    .replace(/[\x00-\x1f\x7f]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
  return `"${escaped}"`;
}
