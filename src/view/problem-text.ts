import type { Cluster, NodeId } from "../model/cluster.ts";
import { countSlots, formatRanges } from "../model/slot.ts";
import type { Difference, Problem } from "../plan/problems.ts";
import { bytesText, count, listText, nameById, slotsText } from "./words.ts";

/** A problem in words: what is so, and what to do about it. */
export interface ProblemText {
  readonly what: string;
  readonly advice: string;
}

/** What is wrong and what helps, in sentences that name nodes by address and id. */
export function problemText(problem: Problem, cluster: Cluster): ProblemText {
  const name = (id: NodeId | undefined) => nameById(cluster, id);
  const names = (ids: readonly NodeId[]) => listText(ids.map(name));
  switch (problem.kind) {
    case "uncovered-slots":
      return {
        what: `${count(countSlots(problem.slots), "slot")} without an owner: ${formatRanges(problem.slots)}`,
        advice: "If their primary is down, bring it back or fail over to a replica before anything else",
      };
    case "several-owners":
      return {
        what: `${slotsText(problem.slots)}: ${names(problem.owners)} each claim to own them`,
        advice: "Gossip settles this within seconds when the epochs differ; if it stays, run slotctl fix",
      };
    case "open-slots":
      return {
        what: `${name(problem.node)} has ${slotsText(problem.slots)} ${problem.state} ${problem.state === "migrating" ? "to" : "from"} ${names(problem.peers)}`,
        advice: "A slot move is going on, or was cut short: wait for it, or let slotctl fix finish it",
      };
    case "disagreement":
      return {
        what: `${names(problem.nodes)} ${problem.nodes.length === 1 ? "disagrees" : "disagree"} with the others: ${listText(problem.differences.map((difference) => differenceText(difference, name)))}`,
        advice: "Right after a change this passes by itself; if it stays, look at the links between these nodes",
      };
    case "node-unreachable":
      return {
        what: `${problem.role} ${name(problem.node)}: ${problem.reason.message}`,
        advice: unreachableAdvice(problem.reason.code),
      };
    case "node-suspected":
      return {
        what: `${name(problem.node)} is ${problem.health === "failing" ? "failing (fail)" : "suspected to fail (fail?)"}, say ${names(problem.saidBy)}`,
        advice: "Is the process running, and its bus port open to the others?",
      };
    case "unknown-member":
      return {
        what: `${name(problem.node)} is not known to ${names(problem.unknownTo)}`,
        advice: "A join takes a moment; if it stays, check the bus ports, or forget the node everywhere",
      };
    case "cluster-state":
      return {
        what: `${names(problem.nodes)} ${problem.nodes.length === 1 ? "says" : "say"} cluster_state:fail and ${problem.nodes.length === 1 ? "serves" : "serve"} no clients`,
        advice: "It follows from uncovered slots, a lost majority, or a join not long ago",
      };
    case "epoch-collision":
      return {
        what: `${names(problem.nodes)} have the same config epoch ${problem.epoch}`,
        advice: "Servers settle this by themselves within seconds when their bus links work",
      };
    case "stray-keys":
      return {
        what: `${name(problem.node)} holds ${count(problem.keys, "key")} in ${slotsText(problem.slots)}, which it does not own`,
        advice: "No client finds them there; slotctl fix brings them to their owner",
      };
    case "ghost":
      return {
        what: `${name(problem.node)} has no address any more; still listed by ${names(problem.knownTo)}`,
        advice: `A node that was wiped or renamed: forget ${problem.node} on every node`,
      };
    case "handshake":
      return {
        what: `a handshake with ${problem.address} is not coming to an end, says ${names(problem.seenBy)}`,
        advice: "The address is wrong, its bus port is closed, or the node is a member under another address",
      };
    case "duplicate-address":
      return {
        what: `${problem.address} is the address of ${problem.nodes.map((id) => id.slice(0, 8)).join(" and ")}`,
        advice: "One of them is gone and its address was given to the other: forget the one that is gone",
      };
    case "unknown-primary":
      return {
        what: `${name(problem.node)} is a replica of ${name(problem.primary)}, which is no member`,
        advice: "Make it a replica of a member with CLUSTER REPLICATE",
      };
    case "replica-link-down":
      return {
        what: `${name(problem.node)} ${problem.syncing ? "is still copying" : "has no link to"} its primary ${name(problem.primary)}`,
        advice: linkAdvice(problem.wantsPassword, problem.syncing),
      };
    case "function-drift":
      return {
        what: functionText(
          problem.library,
          names(problem.missingOn),
          problem.missingOn.length,
          problem.versions.length,
        ),
        advice: "FUNCTION LOAD the same code on every primary",
      };
    case "replica-lagging":
      return {
        what: `${name(problem.node)} is ${bytesText(problem.bytes)} behind its primary ${name(problem.primary)}`,
        advice: "A failover now would lose what it has not got yet; look at its load and link",
      };
    case "no-replica":
      return {
        what: `${names(problem.primaries)} ${problem.primaries.length === 1 ? "has" : "have"} no replica`,
        advice: "If it dies, its slots are gone until it comes back: add a replica",
      };
    case "uneven-replicas":
      return {
        what: `replicas are uneven: ${names(problem.shards)} ${problem.shards.length === 1 ? "has" : "have"} ${problem.fewest}, others up to ${problem.most}`,
        advice: "Move a replica to where there are fewest",
      };
    case "few-primaries":
      return {
        what: `${count(problem.count, "primary", "primaries")} with slots: no automatic failover is possible`,
        advice: "A majority of at least 3 primaries has to agree on a failover",
      };
    case "anti-affinity":
      return {
        what: violationsText(problem.violations, name),
        advice: "Losing that host or zone loses a shard, or its replicas, at once",
      };
    case "setting-drift":
      return {
        what: `${problem.setting} differs: ${problem.values.map(({ value, nodes }) => `${value === "" ? '""' : value} on ${names(nodes)}`).join("; ")}`,
        advice: `Set it alike on all nodes with CONFIG SET ${problem.setting}`,
      };
    case "mixed-versions":
      return {
        what: `versions differ: ${problem.versions.map(({ version, nodes }) => `${version} on ${names(nodes)}`).join("; ")}`,
        advice: "Fine during an upgrade; do not stay there",
      };
  }
}

function differenceText({ slots, owner, elsewhere }: Difference, name: (id: NodeId | undefined) => string): string {
  return `${slotsText(slots, 3)} given to ${name(owner)} instead of ${name(elsewhere)}`;
}

function unreachableAdvice(code: string): string {
  switch (code) {
    case "NODE_SILENT":
      return "The process accepts connections but does nothing: stopped, swapping, or busy with a slow command";
    case "AUTH_FAILED":
    case "AUTH_REQUIRED":
    case "NO_PERMISSION":
      return "Its password or ACL differs from the other nodes'";
    case "OTHER_NODE":
      return "Its address was given to another node: let it meet the cluster at its new address, or forget it";
    case "NODE_LOADING":
      return "Wait until it has loaded its data";
    default:
      return "Is it running, and can it be reached from here? Behind NAT use --address-map";
  }
}

function linkAdvice(wantsPassword: boolean, syncing: boolean): string {
  if (wantsPassword) return "The primary asks for a password and this replica has none: set masterauth on it";
  if (syncing) return "A first copy takes a while; slotctl wait --for replicas waits for it";
  return "See the log of the replica: wrong masterauth, or the primary's port closed to it";
}

function functionText(library: string, missing: string, missingCount: number, versions: number): string {
  const parts = [
    ...(missingCount > 0 ? [`missing on ${missing}`] : []),
    ...(versions > 1 ? [`there are ${versions} versions of it`] : []),
  ];
  return `function library ${library}: ${parts.join(", and ")}`;
}

type Violation = Extract<Problem, { kind: "anti-affinity" }>["violations"][number];

/** The violations counted by kind, each with its nodes. */
function violationsText(violations: readonly Violation[], name: (id: NodeId | undefined) => string): string {
  const zones = violations.filter((violation) => violation.kind === "one-zone");
  const onPrimaryHost = violations.filter((violation) => violation.kind === "replica-on-primary-host");
  const sharedHosts = violations.filter((violation) => violation.kind === "replicas-share-host");
  const names = (ids: readonly string[]) => listText(ids.map((id) => name(id as NodeId)));
  return [
    ...(zones.length === 0
      ? []
      : [`all copies of ${count(zones.length, "shard")} are in one zone: ${names(zones.map(({ shard }) => shard))}`]),
    ...(onPrimaryHost.length === 0
      ? []
      : [
          `${count(onPrimaryHost.length, "replica")} on the host of ${onPrimaryHost.length === 1 ? "its" : "their"} primary: ${names(onPrimaryHost.map(({ replica }) => replica))}`,
        ]),
    ...(sharedHosts.length === 0
      ? []
      : [
          `replicas of ${count(sharedHosts.length, "shard")} share a host: ${names(sharedHosts.flatMap(({ replicas }) => replicas))}`,
        ]),
  ].join("; ");
}
