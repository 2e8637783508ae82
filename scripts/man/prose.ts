import type { ExitCode } from "../../src/errors.ts";
import type { Problem } from "../../src/plan/problems.ts";

/**
 * What slotctl(1) says beyond the commands and options, which it takes from the program. `words as typed` are bold,
 * *placeholders* italic. Lists that have to be complete are held to the source by their type or by the generator.
 */

/** The day of this version: changed together with the version, never by a build. */
export const DATE = "2026-11-23";

export const PURPOSE = "build, resize and check Redis Cluster and Valkey Cluster";

export const DESCRIPTION: readonly string[] = [
  "`slotctl` builds, shows and checks Redis Cluster and Valkey Cluster deployments. It asks every node for its own " +
    "view of the cluster, so that disagreements are seen. A command that changes a cluster first makes a plan and shows " +
    "it, then asks for consent, carries the plan out, and returns when every node itself reports what was planned. " +
    "What is true already is skipped, so that after an interruption the same command goes on where it stopped.",
  "This version makes clusters of blank servers, adds, replaces and removes nodes, moves and repairs slots, imports keys, lets " +
    "replicas take over, and shows, checks and waits for clusters.",
  "A node is named by its address, *host:port*, with IPv6 as `[::1]:7000` or `::1:7000`. Where a *seed* is asked for, " +
    "any node of the cluster will do; several may be given with commas between them, and the first that answers is used. " +
    "Without a seed the node named by `-s`, `-h` and `-p`, or `-u` is asked, in this order, and else the seeds of the context.",
  "The options below `CONNECTION OPTIONS` and `OUTPUT OPTIONS` belong to every command and may stand before or after its " +
    "name. A time is a number with `ms`, `s`, `m` or `h` behind it; a bare number is seconds.",
];

export const CONNECTION_NOTES: readonly string[] = [
  "The options are those of `redis-cli`: `-h` with a value names a host, and without one shows the help. A user without " +
    "a password means no login.",
  "As with `redis-cli`, with `--tls` the certificate chain of a server is verified and the name in its certificate is " +
    "not: nodes name each other by addresses that certificates rarely hold.",
  "Servers behind NAT or in containers announce addresses that do not work from outside. Each `--address-map` tells how " +
    "to reach one host, or with ports on both sides one server; the first that fits is used. What the servers are told " +
    "is translated back.",
  "`--zone` names the host as the servers know it, usually an IP address, and wins over the `availability-zone` that a " +
    "Valkey server tells of itself. Replicas are placed in another zone than their primary first, and on another host " +
    "next.",
];

export const CONTEXTS: readonly string[] = [
  "A context is a name for how a cluster is reached. Contexts are kept in `$XDG_CONFIG_HOME/slotctl/config.yaml`, by default " +
    "`~/.config/slotctl/config.yaml`:",
  "`--context` chooses one, else SLOTCTL_CONTEXT, else `current`. The name `none` chooses none. The current context counts only " +
    "where the command line names no other node than its seeds: its password is not for whatever server somebody looks at. " +
    "Who names a node and wants the login of a context as well says `--context`.",
  "What counts is, setting by setting, the command line before the environment before the context before the default; " +
    "`slotctl config show` tells what came from where. Two groups are taken as a whole: whom to trust (`cacert`, `cacertdir`, " +
    "`insecure`), and who we are (`cert`, `key`). Zones of the command line replace those of the context host by host, and " +
    "its address maps are tried first. A switch that a context sets cannot be taken back by an option.",
  "The file is refused when it can be written by others, or read by others although it holds a `password` or a " +
    "`password-command`, and so is one of more than 64 KiB. Names that are not known are errors that name the line. Anchors, " +
    "aliases and tags are not taken. `sandbox` and drop-in mode do not read it, and `keyslot` only when a context is asked for. " +
    "A context may say:",
];

export const CONTEXTS_EXAMPLE: readonly string[] = [
  "current: prod",
  "contexts:",
  "  prod:",
  "    seeds: [10.0.0.1:6379, 10.0.0.2:6379]",
  "    user: admin",
  "    password-command: [pass, show, redis/prod]",
  "    cacert: ca.pem",
  "    zones:",
  "      10.0.0.1: east",
  "      10.0.0.2: west",
  "  docker:",
  "    seeds: localhost:7001",
  "    address-map:",
  "      172.17.0.2:6379: localhost:7001",
];

export const CONTEXT_SETTINGS: Readonly<Record<string, string>> = {
  "seeds:": "Where to start: a list of addresses, or one text with commas. A command that names no node starts there.",
  "user:": "The ACL user.",
  "password-env:": "The name of an environment variable that holds the password.",
  "password-file:": "A file whose first line is the password. It is refused when everybody can read it.",
  "password-command:":
    "A program and its arguments, as a list of words, that prints the password as its first line. No shell takes the words " +
    "apart. Its standard error is shown, its standard input is empty, and after 60 seconds it is stopped.",
  "password:": "The password itself. Only one of these four can be given.",
  "tls:": "`true` speaks TLS. So does each of the next six.",
  "cacert:, cacertdir:, cert:, key:, sni:, insecure:":
    "As the options of these names. Here and in `password-file` a relative path begins at the folder of the file, and `~/` is " +
    "the home directory.",
  "zones:": "Host and zone, as with `--zone`.",
  "address-map:": "Inside and outside, as with `--address-map`. IPv6 addresses stand in quotes.",
};

export const OUTPUT_NOTES: readonly string[] = [
  "The result goes to standard output; plans, progress, questions, warnings and errors go to standard error. Without a " +
    "terminal nothing is asked: a command that would change a cluster and lacks `--yes` shows its plan and exits 2.",
  "`-o json` prints exactly one JSON document on standard output, also on failure; only `--help` and `--version` stay text. It has a `schemaVersion`, which " +
    "is raised when a field goes or changes its meaning, and `ok`. Commands that change something say whether they did " +
    "in `changed`. A failure has an `error` with `code`, `message`, `exitCode`, and where there is more to say `hint` and " +
    "`details`. Slots are written as the servers write them: `0-5460,7000`. `slotctl schema` *command* prints the JSON Schema " +
    "of a document, failures included; no field is written that it does not name.",
  "`--progress json` writes one JSON object a line to standard error: `run-started`, `step-started`, `move-progress`, " +
    "`work-progress`, `waiting`, `notice`, `step-done`, `step-failed` and `run-done`, each with its `type` and `time`. `slots` of a " +
    "`move-progress` are those that arrived since the one before, `keysOf` how many keys they brought.",
];

/** By the name of the exit code; the type keeps the list complete. */
export const EXIT_STATUS: Readonly<Record<keyof typeof ExitCode, string>> = {
  Ok: "Done, or nothing to do, or a dry run.",
  Failed: "Failed. Also `sandbox status`, when a server is not running.",
  Usage: "Wrong usage; or a question would have to be asked, and there is no terminal and no `--yes`.",
  Unhealthy:
    "`check` found problems (with `--strict` also: warnings), or a command was refused because of what it found.",
  Unreachable: "A server could not be reached, did not let us in, or is no cluster node.",
  Stale: "The cluster changed under the plan.",
  Partial:
    "Stopped part-way, by a failure or a signal, after changes had begun. The same command run again goes on from there.",
  TimedOut: "Timed out waiting for the cluster. The message says which changes were made before, if any.",
  ChangesPending: "With `--dry-run` and `--detailed-exitcode`: there are changes to make.",
  Declined: "Declined, or interrupted before any change.",
};

export const DROP_IN_EXIT =
  "In drop-in mode it is 0 for success and 1 for everything else, as with `redis-cli`. Declining to create a cluster is " +
  "success there, and `--cluster help` exits 1.";

export const SIGNALS =
  "The first SIGINT, SIGTERM or SIGHUP stops a run in good order, with one of these exit codes; a second SIGINT or SIGTERM ends it " +
  "at once. A terminal that is closed sends SIGHUP: slots in flight arrive, and `slotctl resume` goes on from another one. " +
  "`nohup`(1) does not keep it away; `setsid`(1) and terminal multiplexers do. A reader that goes away, as in `slotctl info` ... `| head`, " +
  "changes neither what is done nor the exit code. A result that cannot be written, as to a full disk, makes it exit 1.";

/** The kinds of problem that `check` reports; the type keeps the list complete. */
export const PROBLEMS: Readonly<Record<Problem["kind"], string>> = {
  "uncovered-slots": "Slots have no owner.",
  "several-owners": "Two primaries each say that they own the same slots.",
  "open-slots": "Slots are importing or migrating: a move is going on, or was cut short.",
  disagreement: "Nodes hold another slot map than the others.",
  "node-unreachable": "A node could not be asked.",
  "node-suspected": "Other nodes hold a node for failing or suspect it.",
  "unknown-member": "A node is not known to some of the others.",
  "cluster-state": "Nodes say `cluster_state:fail` and serve no clients.",
  "epoch-collision": "Two primaries have the same config epoch.",
  "stray-keys": "A node holds keys in slots that it does not own.",
  ghost: "A node without an address is still listed.",
  handshake: "A handshake is not coming to an end.",
  "duplicate-address": "Two members have the same address.",
  "unknown-primary": "A replica follows a node that is no member.",
  "replica-link-down": "A replica has no link to its primary, or is still copying.",
  "function-drift": "A function library is not the same on every primary.",
  "replica-lagging": "A replica is far behind its primary.",
  "no-replica": "A primary has no replica.",
  "uneven-replicas": "Some shards have at least two replicas more than others.",
  "few-primaries": "With fewer than three primaries there is no automatic failover.",
  "anti-affinity": "All copies of a shard are in one zone, or some of them on one host.",
  "setting-drift": "A setting that should be the same everywhere is not.",
  "mixed-versions": "The nodes run different versions.",
};

/** By code; the generator refuses to leave one out that src/ uses, and to list one that it does not. */
export const ERROR_CODES: Readonly<Record<string, string>> = {
  ADDRESSES_SWAPPED: "The first address is that of a blank server, and the second that of a member of a cluster.",
  ADD_REFUSED: "The servers cannot join the cluster as asked; the details give every reason.",
  AMBIGUOUS_NODE: "What was given as a node fits more than one; their ids are listed.",
  ATOMIC_FAILED: "The servers' own slot migration failed as often as it may; the slots are still at their source.",
  ATOMIC_UNSETTLED: "The servers' own slot migration ended, but source and target do not agree on who owns the slots.",
  ATOMIC_UNSUPPORTED: "Source and target do not both have atomic slot migration.",
  AUTH_FAILED: "The server refused the user or the password, or wants none.",
  AUTH_REQUIRED: "The server asks for a password and none was given.",
  CLUSTER_LOCKED: "Another slotctl of this machine and user is changing the cluster.",
  BACKUP_DAMAGED: "`restore`: a file of the backup is missing, cut short or altered; nothing was changed.",
  BACKUP_EXISTS: "`backup`: the directory holds a backup already, and there is no `--overwrite`.",
  BACKUP_INCOMPLETE: "`backup`: slots have no owner, cannot be read or are moving, and there is no `--partial`.",
  BACKUP_NOT_LOADED: "`restore`: the server that is to load a file cannot; the details are the end of its log.",
  CLUSTER_NOT_EMPTY: "`restore`: the cluster holds keys already; nothing was changed.",
  CLUSTER_UNHEALTHY: "The cluster has problems that have to be mended before slots are moved; they are listed.",
  COMMAND_REFUSED: "A server refused a command that changes the cluster.",
  CONFIG_EXPOSED:
    "The file with the contexts can be written by others, or read by them although it holds a password or a command.",
  CONFIG_INVALID: "The file with the contexts says something that is not understood; the message names the line.",
  CONFIG_REFUSED: "A setting that has to be changed for the time of the moves cannot be read or changed.",
  CONFLICTS_INVALID: "The file of `--restore-conflicts` cannot be read or holds something else; nothing was changed.",
  CONFLICT_NOT_SAVED: "A value that gives way cannot be written to its file; it was not given up.",
  CONNECTION_CLOSED: "The server closed the connection.",
  CONNECT_TIMEOUT: "A connection was not accepted in time.",
  CONFIG_UNREADABLE: "The file with the contexts cannot be read, is too large, or is no text.",
  COPY_TIMED_OUT: "A replica did not finish copying its primary in time.",
  CREATE_REFUSED: "The servers cannot become this cluster; the details give every reason.",
  DATA_LOSS: "`fix` would give up keys, and `--yes` does not answer that: see `--accept-data-loss`.",
  DEL_REFUSED: "The nodes cannot leave the cluster; the details give every reason.",
  DECLINED: "The question was answered with no.",
  DIRECTORY_IN_USE:
    "Sandbox: a directory that has to be made is there already. `backup`: another backup is being written to it.",
  DIRECTORY_UNUSABLE: "Sandbox, `backup`: the directory cannot be made or written to.",
  DISK_FULL: "`backup`: there is no room for the files; there is no new backup, and an older one is as it was.",
  EPOCH_UNHEARD:
    "The target of a move has not heard of its source's config epoch in time, and could not keep the slots. They stay.",
  FAILED_OVER:
    "A primary of the plan has failed over; `resume`, or `apply` of the same plan, goes on with the new one.",
  FAILOVER_FAILED:
    "The servers gave the failover up, as often as it was asked for; the old primary serves on if it lives.",
  FAILOVER_REFUSED: "The replica cannot take over as asked; nothing was changed, and the hint names the way out.",
  FORMER_PRIMARY_AWAY:
    "The target of a move has taken over from a primary that is away, and that could claim its slots on its return.",
  FILE_UNREADABLE: "A certificate, key or CA cannot be read.",
  FIX_IMPOSSIBLE: "Something is broken that cannot be repaired from here; the details tell what. Nothing was changed.",
  FIX_INCOMPLETE: "The plan is carried out, and something is left that it could not repair.",
  FORMAT_TOO_NEW:
    "`import`, `restore`: the cluster cannot read what the source, or the server that loads the backup, dumps; nothing was changed.",
  FORGET_REFUSED: "The nodes are not to be forgotten: they answer, or something depends on them.",
  HOST_UNUSABLE: "Sandbox: the address is not one of this machine.",
  IMPORT_REFUSED: "`import`: the keys cannot be copied as asked; nothing was changed.",
  INTERRUPTED: "Stopped by a signal; the message says whether anything was changed.",
  JOIN_TIMED_OUT: "The nodes did not all get to know each other in time; mostly a closed bus port.",
  KEY_CONFLICT: "Source and target hold one key with different values; both were left as they are.",
  LOAD_UNKNOWN: "A node does not tell what `--by` asks for; the hint says how to make it.",
  MALFORMED_REPLY: "A server gave an answer that makes no sense.",
  MIGRATE_FAILED: "The source refused to move keys; what did not arrive is still there.",
  MIGRATE_IO: "The source cannot reach the target.",
  MIGRATE_REFUSED: "The target does not let the source in, or not do what moving keys takes.",
  MOVE_GOES_ON: "`fix`: somebody is moving slots right now, so that what is open is not broken; nothing was changed.",
  MOVE_REFUSED: "The slots cannot be moved as asked; nothing was changed.",
  NAME_NOT_FOUND: "A host name cannot be resolved.",
  NODE_LOADING: "The server is still loading its data.",
  NODE_SILENT: "The server accepted the connection and then did not answer.",
  NODE_UNREACHABLE: "The server cannot be connected to.",
  NOTHING_TO_ASK_WITH: "Consent is needed, and there is no terminal and no `--yes`.",
  NOTHING_TO_RESUME: "No plan of this cluster was begun and not finished.",
  NOT_FORGOTTEN: "Some nodes still list one that leaves, mostly because they do not answer; they are named.",
  NOT_A_BACKUP: "The directory holds no backup, or one whose manifest cannot be used.",
  NOT_A_CLUSTER_NODE: "The server is a standalone server or a sentinel.",
  NOT_A_REDIS_SERVER: "What answers does not speak the Redis protocol.",
  NOT_CALLABLE: "The command takes a connection for itself, so that no answer can be waited for.",
  NO_PERMISSION: "The ACL user may not run a command that is needed.",
  NO_SEED: "No node to start from was given, or none of those given could be used.",
  NO_SUCH_NODES: "No node of the cluster is what was asked for.",
  NO_SUCH_SETTING: "A server does not know the setting; nothing was changed.",
  OTHER_NODE: "In reports: another node answers at the address of this one.",
  PASSWORD_UNAVAILABLE: "The password of the context cannot be had: no variable, no file, or a command that failed.",
  PLAN_INVALID: "The file is no plan, is damaged, or a newer slotctl wrote it; nothing was changed.",
  PLAN_NOT_SAVED: "The file of `--plan-out` cannot be written; nothing was changed.",
  PLAN_STALE: "A node of the plan is no longer at its address.",
  PLAN_UNREADABLE: "The file with the plan cannot be read; nothing was changed.",
  PORT_IN_USE: "Sandbox: a port, or the bus port that belongs to it, is taken.",
  PORT_OUT_OF_RANGE: "Sandbox: the ports do not lie where servers can have them.",
  PREFLIGHT_FAILED:
    "Moving the slots would fail or do harm: no room at a target, a missing right, versions that cannot read each other's " +
    "keys, a migration that runs already. Nothing was changed.",
  PRIMARY_UNREACHABLE: "`fix` repairs nothing while a primary is missing, unless it is told to.",
  PROTECTED_MODE: "The server is in protected mode and takes no connections from other hosts.",
  REPLACE_REFUSED:
    "The new server cannot take the place of the node; nothing was changed, and the hint names the way out.",
  RESET_TIMED_OUT: "A node that has left is still busy with its reset.",
  RESTORE_REFUSED: "`restore`: the backup cannot be restored as asked; nothing was changed.",
  SANDBOX_NOT_STOPPED: "Sandbox: a server could not be stopped.",
  SANDBOX_RUNNING: "Sandbox: there is one in that directory already.",
  SANDBOX_STATE_UNREADABLE: "Sandbox: its state file cannot be understood.",
  SERVER_NOT_FOUND: "Sandbox, `restore`: there is no server program.",
  SERVER_START_FAILED: "Sandbox: a server did not start; the details are the end of its log.",
  SETSLOT_REFUSED: "A server refused to open or close a slot.",
  SEVERAL_TO_RESUME: "Unfinished plans of several clusters are kept here: name a node of the one that is meant.",
  SLOTS_OPEN: "Slots that are being moved key by key cannot be moved atomically.",
  SLOT_NOT_SERVED: "`import`, `restore`: nobody served a slot for as long as is waited.",
  SOURCE_CHANGED: "`import`, `backup`: slots of the cluster moved while it was read.",
  SOURCE_INCOMPLETE: "`import`: a primary of the source cluster cannot be read.",
  STATE_UNWRITABLE: "The directory where unfinished plans are kept cannot be written to; see XDG_STATE_HOME.",
  TARGET_OUT_OF_MEMORY: "The target has no room for more keys.",
  TRANSFER_INCOMPLETE: "`backup`: a server left, or gave up, before its data set had come to its end.",
  TIMED_OUT: "`wait`: the condition did not come true in time.",
  TLS_FAILED: "The TLS handshake failed, or the certificate is not trusted.",
  UNEXPECTED_REPLY: "A server answered with an error that is not known.",
  UNFINISHED_PLAN: "An earlier plan was begun and not finished: a number of slots would be counted from zero again.",
  UNKNOWN_CONTEXT: "There is no context of the name given with `--context` or SLOTCTL_CONTEXT.",
  UNKNOWN_NODE: "What was given as a node names none of this cluster.",
  USAGE: "The command line cannot be understood.",
  VERIFY_TIMED_OUT: "All steps are done, but in time the nodes did not all report what was planned.",
};

export const DROP_IN: readonly string[] = [
  "With `--cluster` among the leading options, `slotctl` takes the command lines of `redis-cli` 7 and 8 and of `valkey-cli` " +
    "8 and 9 as they are, with all their options, and answers with their words on standard output and their exit codes.",
  "`slotctl --cluster help` lists the subcommands, `slotctl --help --cluster` the options.",
  "Without a terminal standard error stays empty on success. The words follow the servers: Valkey 8 and newer are spoken " +
    "of with primaries and replicas where `valkey-cli` does so.",
  "`backup` keeps the names and the `nodes.json` of the original tool, replaces files only when all new ones are whole, and " +
    "writes a `manifest.json` beside them, with which `slotctl backup verify` and `slotctl restore` can tell that they are whole.",
  "`import` keeps its meaning there: it moves the keys of database 0 unless `--cluster-copy` is given, and the first key that " +
    "the cluster has already stops it; up to 1000 keys are on their way together, so some that come after that one may have " +
    "moved as well.",
  "It differs on purpose in this: a number that is none, or out of range, is refused rather than read as 0; `create` " +
    "returns when every node says that the cluster is ok, and exits 1 when its final check finds a problem; `reshard` and " +
    "`rebalance` refuse with `[ERR]` to move slots where that would fail, or to a node without room for them (`slotctl " +
    "reshard --ignore-memory` insists); `add-node` refuses " +
    "a replica as the primary to follow before anything is touched and returns when the node is ready; `del-node` removes dead " +
    "nodes too and gives replicas to the shards that need them most; `fix` goes by what was begun and by config epochs where `redis-cli` goes by " +
    "the number of keys, finds stray keys as well, and with `--cluster-replace` keeps a copy of what it overwrites; and there " +
    "are colours only in a terminal. `call` and `set-timeout` exit 1 when a node failed, and `reshard` moves exactly as many " +
    "slots as were asked for. `docs/redis-cli-differences.md`, which is installed with the package, lists every difference " +
    "with its reason.",
];

/** By name, in the order of the page. */
export const ENVIRONMENT: Readonly<Record<string, string>> = {
  "SLOTCTL_AUTH, VALKEYCLI_AUTH, REDISCLI_AUTH":
    "The password; of several that are not empty the first in this order. `-a`, `--askpass` and a password in `-u` go " +
    "before them.",
  SLOTCTL_CONTEXT:
    "The context to use, or `none`; `--context` goes before it, and it goes before `current` of the file. Drop-in mode " +
    "does not look at it.",
  SLOTCTL_FROM_AUTH:
    "The password of the source of an `import`. `--from-pass` and `--from-askpass` go before it; the password of the cluster is never sent to the source.",
  "VALKEYCLI_CLUSTER_YES, REDISCLI_CLUSTER_YES":
    "Drop-in mode only: `1` answers every question with yes. When the first is set, the second is not looked at.",
  REDIS_SERVER: "The server program that `sandbox start` runs, as with `--server`, which goes before it.",
  SLOTCTL_SERVERS_DIR:
    "Where `sandbox start` looks for servers that `npm run servers` fetched; `.cache/servers` of the checkout by default.",
  PATH: "Searched for `redis-server` and `valkey-server` by `sandbox start`, and for the program of a `password-command`.",
  XDG_CONFIG_HOME: "Where the file with the contexts lies; `~/.config` by default.",
  XDG_STATE_HOME: "Where the sandbox and unfinished plans live; `~/.local/state` by default.",
  XDG_CACHE_HOME:
    "Where compiled code is kept for the next run, before Node.js 22; `~/.cache` by default. From 22 on Node.js keeps it itself; " +
    "see `NODE_COMPILE_CACHE` there.",
  NODE_DISABLE_COMPILE_CACHE: "When not empty: no compiled code is kept, and none that was kept is run.",
  ACCESSIBLE:
    "When not empty: what a screen reader can read out. Questions are lists with numbers, answered by typing, plans of moves " +
    "are told in sentences, and progress in lines; nothing is drawn anew in its place.",
  NO_COLOR: "When not empty: no colours.",
  FORCE_COLOR:
    "When not empty: colours also without a terminal, or with `0` none at all. `NO_COLOR` and `--no-color` go before it; " +
    "drop-in mode does not look at it.",
  TERM: "`dumb` means a terminal without colours and without a line that moves. Drop-in mode has colours only for `xterm` and its kin.",
};

export const FILES: Readonly<Record<string, string>> = {
  "$XDG_CONFIG_HOME/slotctl/config.yaml": "The contexts. Refused when others may write it, or read a secret in it.",
  "$XDG_STATE_HOME/slotctl/sandbox/sandbox.json":
    "Which servers `sandbox start` began, so that `sandbox stop` ends those and no others.",
  "$XDG_STATE_HOME/slotctl/sandbox/<port>/":
    "The files of one server: `redis.conf`, `server.log`, `output.log`, `nodes.conf`. Gone after `sandbox stop`.",
  "$XDG_STATE_HOME/slotctl/plans/":
    "Plans that were begun and are not finished, for `slotctl resume`. They hold no secret.",
  "$XDG_STATE_HOME/slotctl/runs/":
    "Which processes change which cluster right now, so that no two do. What a dead one left is passed over.",
  "$XDG_CACHE_HOME/slotctl/":
    "What was compiled once, for a quicker start. Nothing is lost when it is deleted; what others could write is not run.",
};

export interface Example {
  readonly says: string;
  readonly lines: readonly string[];
}

export const EXAMPLES: readonly Example[] = [
  {
    says: "Try it on this machine, with six servers that are thrown away afterwards:",
    lines: [
      "slotctl sandbox start --nodes 6 --base-port 7000",
      "slotctl create 127.0.0.1:{7000..7005} --replicas 1",
      "slotctl check 127.0.0.1:7000",
      "slotctl sandbox stop",
    ],
  },
  {
    says: "Provision a cluster from a script: wait for servers that are still starting, change nothing when it is there already:",
    lines: [
      "slotctl create 10.0.0.{1..6}:6379 --replicas 1 --wait 60s --if-not-exists --yes -o json",
      "slotctl wait 10.0.0.1:6379 --for healthy --timeout 2m",
    ],
  },
  {
    says: "See whether there is anything to do (exit code 10) without doing it:",
    lines: ["slotctl create 10.0.0.{1..6}:6379 --replicas 1 --dry-run --detailed-exitcode"],
  },
  {
    says: "Six servers on three hosts, each in a zone of its own:",
    lines: [
      "slotctl create 10.0.{1,2,3}.1:{6379,6380} --replicas 1 --zone 10.0.1.1=a --zone 10.0.2.1=b --zone 10.0.3.1=c",
    ],
  },
  {
    says: "A cluster in containers, whose ports 6379 are published on this machine:",
    lines: [
      "slotctl check localhost:7001 --address-map 172.17.0.2:6379=localhost:7001 " +
        "--address-map 172.17.0.3:6379=localhost:7002 --address-map 172.17.0.4:6379=localhost:7003",
    ],
  },
  {
    says: "Monitoring: one line, exit code 3 when there is a problem:",
    lines: ["slotctl check 10.0.0.1:6379,10.0.0.2:6379 --quick"],
  },
  {
    says: "Copy the keys of a server into a cluster, and compare each of them:",
    lines: ["slotctl import 10.0.0.1:6379 --from 10.0.0.9:6379 --verify full --yes"],
  },
  {
    says: "A command line that was written for redis-cli:",
    lines: ["slotctl --cluster create 10.0.0.1:6379 10.0.0.2:6379 10.0.0.3:6379 --cluster-replicas 0 --cluster-yes"],
  },
];

export const SEE_ALSO = "`redis-cli`(1), `redis-server`(1), `valkey-cli`(1), `valkey-server`(1)";
