const FLAGS = [
  "-4",
  "-6",
  "-x",
  "--askpass",
  "--cluster-copy",
  "--cluster-fix-with-unreachable-primaries",
  "--cluster-from-askpass",
  "--cluster-only-primaries",
  "--cluster-only-replicas",
  "--cluster-replace",
  "--cluster-replica",
  "--cluster-search-multiple-owners",
  "--cluster-simulate",
  "--cluster-use-atomic-slot-migration",
  "--cluster-use-empty-primaries",
  "--cluster-yes",
  "--insecure",
  "--no-auth-warning",
  "--tls",
  "--verbose",
] as const;

const VALUED = [
  "-X",
  "-a",
  "-p",
  "-t",
  "-u",
  "--cacert",
  "--cacertdir",
  "--cert",
  "--cluster-from",
  "--cluster-from-pass",
  "--cluster-from-user",
  "--cluster-pipeline",
  "--cluster-primary-id",
  "--cluster-replicas",
  "--cluster-slots",
  "--cluster-threshold",
  "--cluster-timeout",
  "--cluster-to",
  "--cluster-weight",
  "--key",
  "--show-pushes",
  "--sni",
  "--tls-ciphers",
  "--tls-ciphersuites",
  "--user",
] as const;

export type Flag = (typeof FLAGS)[number];

export type Valued = (typeof VALUED)[number];

/** Other spellings, mostly the older ones. */
const ALIASES: ReadonlyMap<string, Flag | Valued> = new Map([
  ["--pass", "-a"],
  ["--cluster-slave", "--cluster-replica"],
  ["--cluster-master-id", "--cluster-primary-id"],
  ["--cluster-only-masters", "--cluster-only-primaries"],
  ["--cluster-use-empty-masters", "--cluster-use-empty-primaries"],
  ["--cluster-fix-with-unreachable-masters", "--cluster-fix-with-unreachable-primaries"],
]);

/** Options of redis-cli that mean nothing to its cluster subcommands: they are read over, whatever their value. */
const FLAGS_WITHOUT_EFFECT =
  "-2 -3 -c -e --bigkeys --csv --hotkeys --json --keystats --latency --latency-dist --latency-history --ldb " +
  "--ldb-sync-mode --memkeys --mptcp --no-raw --pipe --quoted-input --quoted-json --raw --replica --scan --slave --stat";

const VALUED_WITHOUT_EFFECT =
  "-D -d -h -i -n -r -s --count --cursor --eval --functions-rdb --hotkeys-count --intrinsic-latency " +
  "--keystats-samples --lru-test --memkeys-samples --pattern --pipe-timeout --quoted-pattern --rdb --test_hint " +
  "--test_hint_file --top";

export const FLAG_NAMES: ReadonlySet<string> = new Set([...FLAGS, ...FLAGS_WITHOUT_EFFECT.split(" ")]);

export const VALUED_NAMES: ReadonlySet<string> = new Set([...VALUED, ...VALUED_WITHOUT_EFFECT.split(" ")]);

export function canonical(word: string): string {
  return ALIASES.get(word) ?? word;
}
