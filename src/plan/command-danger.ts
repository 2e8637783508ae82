import type { CommandInfo } from "../model/command-info.ts";

/**
 * Why a command should not be sent to every node without a second thought. `endless`: it never gives its connection
 * back, so that no answer can be waited for.
 */
export type CommandDanger = "writes" | "blocks" | "dangerous" | "endless";

/** What a server says of these is dangerous; what they do is read. The servers' own flags do not tell that apart. */
const READERS =
  /^(info|role|lastsave|command|(config|client|acl|slowlog|latency|memory|cluster|module|function|script|commandlog|object|pubsub|xinfo)\|(get|list|info|id|getname|getredir|trackinginfo|whoami|cat|getuser|log|dryrun|len|help|doctor|graph|histogram|history|latest|stats|usage|malloc-stats|nodes|slots|shards|links|myid|myshardid|keyslot|countkeysinslot|getkeysinslot|slot-stats|count-failure-reports|getslotmigrations|replicas|slaves|dump|exists|encoding|freq|idletime|refcount|channels|numpat|numsub|shardchannels|shardnumsub|consumers|groups|stream))$/;

/** Undefined when the command only reads, and soon. */
export function dangerOf({ name, flags, categories }: CommandInfo): CommandDanger | undefined {
  const has = (word: string) => flags.includes(word) || categories.includes(`@${word}`);
  if (flags.includes("pubsub") && !name.includes("|") && name !== "publish" && name !== "spublish") return "endless";
  if (["monitor", "sync", "psync", "hello", "quit", "reset"].includes(name)) return "endless";
  if (READERS.test(name)) return undefined;
  if (flags.includes("write")) return "writes";
  if (has("blocking")) return "blocks";
  return has("dangerous") || has("admin") ? "dangerous" : undefined;
}
