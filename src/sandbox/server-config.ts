/** Directives by name, with their values as they stand in the file: `save` with `""`. A list is one line for each. */
export type Settings = Readonly<Record<string, string | readonly string[]>>;

export const CONFIG_FILE = "redis.conf";
export const LOG_FILE = "server.log";

/** What every throw-away server has in common: nothing is kept, and it stays in its own directory. */
export function baseSettings(directory: string, host: string, port: number): Settings {
  return {
    // The first line: the server looks for its log and its other files there.
    dir: quote(directory),
    port: String(port),
    bind: host,
    "protected-mode": "no",
    daemonize: "no",
    logfile: LOG_FILE,
    loglevel: "notice",
    save: '""',
    appendonly: "no",
    "repl-diskless-sync-delay": "0",
  };
}

export function clusterSettings(nodeTimeout: number): Settings {
  return {
    "cluster-enabled": "yes",
    "cluster-config-file": "nodes.conf",
    "cluster-node-timeout": String(nodeTimeout),
  };
}

/** One "name value" line each. */
export function configText(settings: Settings): string {
  return Object.entries(settings)
    .flatMap(([name, value]) => [value].flat().map((one) => `${name} ${one}\n`))
    .join("");
}

/** A value with blanks, quotes or control characters in it, as redis.conf writes it: "a b\x0a". */
export function quote(value: string): string {
  const escaped = value
    .replace(/["\\]/g, "\\$&")
    .replace(/[\x00-\x1f\x7f]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
  return `"${escaped}"`;
}
