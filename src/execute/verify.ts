import { formatAddress } from "../model/address.ts";
import type { View } from "../model/cluster.ts";
import { parseInfo } from "../model/parse-info.ts";
import { nodesParser } from "../model/parse-nodes.ts";
import { formatRanges } from "../model/slot.ts";
import { ServerError } from "../node/node.ts";
import { waitUntil } from "../node/wait-until.ts";
import type { NodeRef, PlannedShard } from "../plan/plan.ts";
import type { Wait } from "./events.ts";
import { type Executor, forgive, nodeOf } from "./executor.ts";
import { verifyTimedOut } from "./failures.ts";

/**
 * Waits until every node itself reports what was planned: its role and slots, the same slot map as everybody else,
 * cluster_state:ok, and as a replica a link that is up. With `until: "joined"` the last two are not waited for.
 * @throws SlotctlError, exit code 7, that lists what is still missing
 */
export async function verify(expected: readonly PlannedShard[], executor: Executor): Promise<void> {
  const wanted = expected.flatMap(wantedOf);
  let missing: readonly Missing[] = [];
  const look = async () => {
    missing = (await findMissing(wanted, executor)).filter(({ on }) => executor.until === "ok" || !SERVING.has(on));
    if (missing.length === 0) return true;
    const on = firstOf(missing);
    const late = new Set(missing.filter((item) => item.on === on).map(({ node }) => node.id));
    const everybody = new Set([...wanted.map(({ node }) => node.id), ...executor.witnesses.map(({ id }) => id)]).size;
    const total = on === "replica-links" ? wanted.filter(({ primary }) => primary !== undefined).length : everybody;
    executor.emit({ type: "waiting", on, done: total - late.size, total });
    return undefined;
  };
  if ((await waitUntil(look, executor)) !== undefined) return;
  throw verifyTimedOut(executor.timeout / 1000, missing.map(textOf));
}

/**
 * Waits until all nodes that answer have one and the same slot map.
 * @throws SlotctlError, exit code 7, that lists who does not agree
 */
export async function awaitAgreement(executor: Executor): Promise<void> {
  const parse = nodesParser();
  let dissenters: readonly Missing[] = [];
  const look = async () => {
    const reports = await Promise.all(executor.witnesses.map((node) => ask({ node }, executor, parse)));
    const slotMap = reports.find((report) => report !== undefined)?.view.slotMap;
    dissenters = dissentersAmong(executor.witnesses, reports, slotMap);
    if (dissenters.length === 0) return true;
    const total = executor.witnesses.length;
    executor.emit({ type: "waiting", on: "agreement", done: total - dissenters.length, total });
    return undefined;
  };
  if ((await waitUntil(look, executor)) !== undefined) return;
  throw verifyTimedOut(executor.timeout / 1000, dissenters.map(textOf));
}

function textOf({ node, what }: Missing): string {
  return `${formatAddress(node.address)} ${what}`;
}

interface Wanted {
  readonly node: NodeRef;
  readonly slots: string;
  readonly primary: NodeRef | undefined;
}

function wantedOf({ primary, slots, replicas }: PlannedShard): readonly Wanted[] {
  return [{ node: primary, slots, primary: undefined }, ...replicas.map((node) => ({ node, slots: "", primary }))];
}

interface Missing {
  readonly node: NodeRef;
  readonly on: Wait;
  readonly what: string;
}

/** What comes after the nodes agree, and depends on their node timeout and the size of their data. */
const SERVING: ReadonlySet<Wait> = new Set<Wait>(["cluster-state", "replica-links"]);

/** In the order in which they come true. */
const ORDER: readonly Wait[] = ["join", "agreement", "replica-links", "cluster-state"];

function firstOf(missing: readonly Missing[]): Wait {
  return ORDER.find((wait) => missing.some(({ on }) => on === wait)) ?? "agreement";
}

async function findMissing(wanted: readonly Wanted[], executor: Executor): Promise<readonly Missing[]> {
  const parse = nodesParser();
  const reports = await Promise.all(wanted.map(async (want) => ({ want, report: await ask(want, executor, parse) })));
  const slotMap = reports.find(({ report }) => report !== undefined)?.report?.view.slotMap;
  return [
    ...reports.flatMap(({ want, report }) => missingIn(want, report, slotMap, wanted.length)),
    ...(await findDissenters(slotMap, executor, parse)),
  ];
}

/** Nodes beside the plan that were reached before, and now tell another slot map than those within it. */
async function findDissenters(
  slotMap: string | undefined,
  executor: Executor,
  parse: (reply: string) => View,
): Promise<readonly Missing[]> {
  const reports = await Promise.all(executor.witnesses.map((node) => ask({ node }, executor, parse)));
  return dissentersAmong(executor.witnesses, reports, slotMap);
}

function dissentersAmong(
  nodes: readonly NodeRef[],
  reports: readonly (Report | undefined)[],
  slotMap: string | undefined,
): readonly Missing[] {
  return nodes.flatMap((node, i): Missing[] => {
    const view = reports[i]?.view;
    const agrees = view === undefined || slotMap === undefined || view.slotMap === slotMap;
    return agrees ? [] : [{ node, on: "agreement", what: "has another slot map than the others" }];
  });
}

/** What a node says of the cluster and of itself. */
export interface Report {
  readonly view: View;
  readonly clusterInfo: ReadonlyMap<string, string>;
  readonly replication: ReadonlyMap<string, string>;
}

/** Undefined when the node does not answer. */
export async function ask(
  { node }: Pick<Wanted, "node">,
  executor: Executor,
  parse: (reply: string) => View,
): Promise<Report | undefined> {
  try {
    const server = await nodeOf(executor, node);
    const [nodes, info, replication] = await server.sendAll([
      ["CLUSTER", "NODES"],
      ["CLUSTER", "INFO"],
      ["INFO", "replication"],
    ]);
    const refusal = [nodes, info, replication].find((outcome) => outcome instanceof ServerError);
    if (refusal instanceof ServerError) throw refusal;
    return {
      view: parse(String(nodes)),
      clusterInfo: parseInfo(String(info)),
      replication: parseInfo(String(replication)),
    };
  } catch (error) {
    return forgive(executor, node, error);
  }
}

function missingIn(
  { node, slots, primary }: Wanted,
  report: Report | undefined,
  slotMap: string | undefined,
  members: number,
): readonly Missing[] {
  const missing = (on: Wait, what: string): Missing => ({ node, on, what });
  if (report === undefined) return [missing("join", "does not answer")];
  const { view, clusterInfo, replication } = report;
  const { myself } = view;
  const known = view.lines.filter(({ handshake }) => !handshake).length;
  if (known < members) return [missing("join", `knows ${known} of ${members} nodes`)];
  if (primary === undefined && (myself.role !== "primary" || formatRanges(myself.slots) !== slots)) {
    return [
      missing(
        "agreement",
        slots === "" ? "is not yet a primary without slots" : `is not yet the primary of slots ${slots}`,
      ),
    ];
  }
  if (primary !== undefined && myself.primaryId !== primary.id) {
    return [missing("agreement", `is not yet a replica of ${formatAddress(primary.address)}`)];
  }
  return [
    ...(view.slotMap === slotMap ? [] : [missing("agreement", "has another slot map than the others")]),
    ...(clusterInfo.get("cluster_state") === "ok" ? [] : [missing("cluster-state", "still says cluster_state:fail")]),
    ...(primary === undefined || replication.get("master_link_status") === "up"
      ? []
      : [missing("replica-links", `has no link to its primary ${formatAddress(primary.address)}`)]),
  ];
}
