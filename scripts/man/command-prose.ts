import type { ExitCode } from "../../src/errors.ts";
import { ENVIRONMENT, FILES } from "./prose.ts";

/**
 * What the page of a command says beyond its help, which the page holds anyway: `words as typed` are bold. The generator
 * refuses to leave a command out, and to list one that there is not.
 */
export interface CommandProse {
  /** Paragraphs below the description. */
  readonly more: readonly string[];
  readonly exits: Exits;
  /** Beyond what every command that connects looks at; keys of ENVIRONMENT. */
  readonly environment?: readonly string[];
  /** Keys of FILES. */
  readonly files?: readonly string[];
  /** Other commands of slotctl. */
  readonly see: readonly string[];
  /** False: it asks no server, and takes none of the connection options. */
  readonly connects?: boolean;
}

export type Exits = Partial<Readonly<Record<keyof typeof ExitCode, string>>>;

const USAGE = "The command line, or the file with the contexts, cannot be understood.";
const CANNOT_CONNECT = "No node to start from could be reached, or none let us in.";
const INTERRUPTED = "Interrupted.";

const READS: Exits = { Ok: "Done.", Usage: USAGE, Unreachable: CANNOT_CONNECT, Declined: INTERRUPTED };

const CHANGES: Exits = {
  Ok: "Done and verified, or nothing to do, or a dry run.",
  Failed: "Failed, and nothing was changed.",
  Usage: "Wrong usage; or consent is needed, and there is no terminal and no `--yes`.",
  Unhealthy: "Refused because of what was found, with every reason; nothing was changed.",
  Unreachable: CANNOT_CONNECT,
  Stale: "The cluster changed under the plan; nothing was changed.",
  Partial: "Stopped part-way. The message says how far it came; `slotctl resume`, or the same command, goes on.",
  TimedOut: "All steps are done, but in time the nodes did not all report what was planned.",
  ChangesPending: "With `--dry-run` and `--detailed-exitcode`: there are changes to make.",
  Declined: "Declined, or interrupted before any change.",
};

/** A plan of keys is made anew each time, and cannot be stale. */
const { Stale: _, ...COPIES } = CHANGES;

const CONTEXTS = "$XDG_CONFIG_HOME/slotctl/config.yaml";
const PLANS = "$XDG_STATE_HOME/slotctl/plans/";
const RUNS = "$XDG_STATE_HOME/slotctl/runs/";
const SANDBOX = ["$XDG_STATE_HOME/slotctl/sandbox/sandbox.json", "$XDG_STATE_HOME/slotctl/sandbox/<port>/"];
const STATE = { environment: ["XDG_STATE_HOME"], files: [PLANS, RUNS] };

const MOVES_ARE_SAFE =
  "Ctrl-C lets the slots in flight arrive and exits 6. No key is lost or served twice, times to live stay, and a key that " +
  "the target holds with another value stops the move unless `--replace` is given. Before the first change it is looked " +
  "whether the targets have room, the user has the rights, and the versions can read each other's keys.";

export const COMMAND_PROSE: Readonly<Record<string, CommandProse>> = {
  create: {
    more: [
      "Servers that hold keys or slots, know other nodes, announce an address that does not work, or mix Redis with Valkey are " +
        "refused, with every reason at once, before anything is changed.",
      "Replicas are placed in another zone than their primary first, and on another host next. Zones come from `--zone`, or " +
        "from the `availability-zone` of Valkey servers. The same servers make the same plan; what cannot be had is a warning.",
    ],
    exits: { ...CHANGES, Partial: "Stopped part-way. The message says how far it came; the same command goes on." },
    see: ["check", "wait", "add-node", "sandbox"],
  },
  check: {
    more: [
      "Problems and warnings are listed by kind in slotctl(1). `--quick` prints one line whose fields keep their order: " +
        "`ok nodes=6/6 slots=16384/16384 shards=3 problems=0 warnings=0`.",
    ],
    exits: { ...READS, Ok: "No problem; warnings do not count.", Unhealthy: "Problems, or with `--strict` warnings." },
    see: ["info", "wait"],
  },
  info: {
    more: ["Nodes that do not answer are shown as the others describe them."],
    exits: READS,
    see: ["check", "keyslot"],
  },
  reshard: { more: [MOVES_ARE_SAFE], exits: CHANGES, ...STATE, see: ["rebalance", "resume", "apply", "check"] },
  rebalance: {
    more: [
      "`--by cpu` and `--by network` watch the slots for the time of `--sample`; they need Valkey 8.0 or Redis 8.2 and newer, " +
        "with `cluster-slot-stats-enabled yes`. A slot is never split: one that alone holds more than a share is named.",
      MOVES_ARE_SAFE,
    ],
    exits: CHANGES,
    ...STATE,
    see: ["reshard", "resume", "rebalance-replicas"],
  },
  failover: {
    more: [
      "`--force` is for a dead primary, `--takeover` for a dead majority: with them writes that only the dead hold are lost, " +
        "and the plan and the question say so. `--to` and `--from` say what should be true, so that a script can repeat them.",
    ],
    exits: CHANGES,
    ...STATE,
    see: ["rebalance-replicas", "check"],
  },
  "rebalance-replicas": {
    more: [
      "A replica leaves its shard only when another one is in sync there; where none is to spare, the plan says so.",
    ],
    exits: CHANGES,
    ...STATE,
    see: ["failover", "add-node", "check"],
  },
  "add-node": {
    more: [
      "Of several addresses the first is the seed. To add several servers to the cluster of a context, name its seed with " +
        "`-h` and `-p`.",
      "Servers that hold something, or belong to another cluster, are refused with all reasons.",
    ],
    exits: CHANGES,
    ...STATE,
    see: ["create", "del-node", "rebalance"],
  },
  "del-node": {
    more: [
      "Of several words the first is the seed if it is an address. With a context, name several nodes by their ids, or the " +
        "seed with `-h` and `-p`.",
      "The last primary, dead owners of slots, and what would leave too few voters are refused. A node that does not answer " +
        "when the others forget is told as soon as it does.",
    ],
    exits: CHANGES,
    ...STATE,
    see: ["forget", "add-node", "reshard"],
  },
  forget: {
    more: [
      "Of several words the first is the seed if it is an address; a single one is the seed with `--ghosts` or `--failed`, and " +
        "else whom to forget.",
    ],
    exits: CHANGES,
    ...STATE,
    see: ["del-node", "check"],
  },
  apply: {
    more: ["A plan holds no login: that comes from the options, the environment or a context, as for every command."],
    exits: { ...CHANGES, Usage: "Wrong usage, the file is no plan, or consent is needed and there is nobody to ask." },
    ...STATE,
    see: ["resume", "reshard", "rebalance"],
  },
  resume: {
    more: ["After a failover it goes on with the new primary, and says so."],
    exits: { ...CHANGES, Ok: "The plan is done and verified." },
    ...STATE,
    see: ["apply", "reshard", "rebalance"],
  },
  call: {
    more: [
      "The first word is the seed if it has a colon and neither `-h`, `-p`, `-s` nor `-u` is given. Arguments are bytes. A " +
        "command that takes the connection for itself, such as MONITOR, is refused.",
    ],
    exits: {
      ...READS,
      Failed: "A node answered with an error, or not at all.",
      Usage: "Wrong usage; or the command destroys or blocks, and there is no terminal and no `--yes`.",
      Declined: "Declined, or interrupted.",
    },
    see: ["config", "info"],
  },
  config: {
    more: [
      "Passwords and other secrets are never shown: neither those of the servers by `get`, nor those of a context by `show`, " +
        "which tells only where they come from. The form of `config.yaml` is told in slotctl(1).",
    ],
    exits: {
      ...READS,
      Failed: "A node did not tell, or could not be set.",
      Usage: "Wrong usage, a setting that a server does not know, or a file with contexts that cannot be used.",
      Partial: "`set`: some nodes have it, others not.",
      ChangesPending: "`set` with `--dry-run` and `--detailed-exitcode`: there are changes to make.",
      Declined: "Declined, or interrupted.",
    },
    see: ["set-timeout", "call"],
  },
  "set-timeout": {
    more: ["It stands for `slotctl config set cluster-node-timeout`, in milliseconds."],
    exits: {
      ...READS,
      Failed: "A node could not be set.",
      Partial: "Some nodes have it, others not.",
      ChangesPending: "With `--dry-run` and `--detailed-exitcode`: there are changes to make.",
      Declined: "Declined, or interrupted.",
    },
    see: ["config"],
  },
  keyslot: {
    more: [
      "The current context is not asked: nothing is connected to unless the command line or SLOTCTL_CONTEXT names a cluster.",
    ],
    exits: READS,
    see: ["info", "call"],
  },
  fix: {
    more: [
      "What it found, the evidence and the reason stand beside each step. A key with two values is left alone unless " +
        "`--on-conflict` decides, and a value that gives way is written to a file first. `--yes` answers everything but what " +
        "loses data, which takes `--accept-data-loss`.",
    ],
    exits: CHANGES,
    ...STATE,
    see: ["check", "resume", "reshard"],
  },
  wizard: {
    more: [
      "It shows the command line that it has put together before that runs, asks nothing that a script could not say, and " +
        "changes nothing by itself. Ctrl-C and Esc leave everything as it is.",
    ],
    exits: CHANGES,
    see: ["reshard", "rebalance", "create"],
  },
  "replace-node": {
    more: [
      "The newcomer first becomes a copy of what it replaces; a primary hands its slots over by a failover that loses nothing. " +
        "What is lost with a dead node whose shard has no other copy cannot be replaced, and is refused.",
    ],
    exits: CHANGES,
    ...STATE,
    see: ["add-node", "del-node", "failover"],
  },
  backup: {
    more: [
      "What is not whole never looks whole: files have other names until they are, and the manifest comes last. Users and " +
        "their passwords are saved only with `--acl`.",
    ],
    exits: READS,
    see: ["restore", "check"],
  },
  restore: {
    more: [
      "The backup is verified first. A throw-away server on this machine loads its files one after the other, and the keys " +
        "are copied from there to whoever owns their slots. Users are not restored.",
    ],
    exits: COPIES,
    see: ["backup", "import"],
  },
  import: {
    more: [
      "The source has a login of its own: nothing of it is taken from the options or the context for the cluster. What is written " +
        "to the source while it is read may be missed. Functions and scripts are not keys and stay behind.",
    ],
    exits: {
      ...COPIES,
      Partial:
        "Stopped part-way; or keys were left alone, because the cluster holds another value; or slots of the source moved " +
        "while it was read. The same command goes on.",
      TimedOut: "A server did not answer in time.",
    },
    environment: ["SLOTCTL_FROM_AUTH"],
    see: ["check", "call"],
  },
  wait: {
    more: ["A seed that does not answer yet is waited for as well."],
    exits: { ...READS, TimedOut: "It did not come true within `--timeout`." },
    see: ["check", "create"],
  },
  sandbox: {
    more: [
      "`start` takes the server that `--server` or REDIS_SERVER names, else `redis-server` or `valkey-server` from the PATH.",
    ],
    exits: {
      Ok: "Done, or nothing to stop.",
      Failed: "A server did not start or stop, or `status` found one that is not running.",
      Usage: "Wrong usage, or no server program.",
      Declined: INTERRUPTED,
    },
    environment: ["REDIS_SERVER", "SLOTCTL_SERVERS_DIR", "PATH", "XDG_STATE_HOME"],
    files: SANDBOX,
    see: ["create"],
    connects: false,
  },
  completion: {
    more: [
      "The script asks the slotctl on the command line each time Tab is pressed, so that it need not be made anew for another " +
        "version. Nodes are offered by their addresses, and by their ids once the beginning of one is typed, with their roles and " +
        "slots in zsh and fish.",
      "For nodes one question is sent to the seeds, with the login of the command line, the environment or the context. It is not " +
        "sent where a password would have to be asked for (`--askpass`) or a program run for it (`password-command`).",
    ],
    exits: { Ok: "Done.", Usage: "There is no script for this shell." },
    see: ["config"],
    connects: false,
  },
  schema: {
    more: [
      "The schema stands for itself: it refers to no other file. A document has no field that is not in it, and its " +
        "`schemaVersion`, which is also in the id of the schema, is raised when a field goes or changes its meaning. New fields, " +
        "kinds of problems and error codes come without that.",
      "Without a name, the names are listed one a line, with `-o json` as a document of their own.",
    ],
    exits: { Ok: "Done.", Usage: "There is no schema of that name." },
    see: ["check", "apply"],
    connects: false,
  },
  help: {
    more: ["`slotctl` *command* `--help` shows the same."],
    exits: { Ok: "Done.", Usage: "There is no such command." },
    see: [],
    connects: false,
  },
};

const CONNECTION_ENVIRONMENT = ["SLOTCTL_AUTH, VALKEYCLI_AUTH, REDISCLI_AUTH", "SLOTCTL_CONTEXT", "XDG_CONFIG_HOME"];

/** Names and texts of what a command looks at, in the order of the overview. */
export function environmentOf({ environment = [], connects = true }: CommandProse): Readonly<Record<string, string>> {
  return picked(ENVIRONMENT, [...(connects ? CONNECTION_ENVIRONMENT : []), ...environment]);
}

export function filesOf({ files = [], connects = true }: CommandProse): Readonly<Record<string, string>> {
  return picked(FILES, [...(connects ? [CONTEXTS] : []), ...files]);
}

function picked(from: Readonly<Record<string, string>>, names: readonly string[]): Readonly<Record<string, string>> {
  const unknown = names.find((name) => !(name in from));
  if (unknown !== undefined) throw new Error(`scripts/man/command-prose.ts names ${unknown}, which prose.ts has not`);
  return Object.fromEntries(Object.entries(from).filter(([name]) => names.includes(name)));
}
