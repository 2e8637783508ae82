import { ExitCode, SlotctlError } from "../errors.ts";
import { type Address, formatAddress } from "../model/address.ts";
import { toInside } from "../model/address-map.ts";
import type { Cluster, ClusterNode, Health, NodeId, NodeLine, Unreachable, View } from "../model/cluster.ts";
import { nodesParser } from "../model/parse-nodes.ts";
import type { Connections } from "../node/connections.ts";
import { askNode, type Depth, type Testimony, unreachableFrom } from "./ask-node.ts";
import { mapConcurrently } from "./map-concurrently.ts";

export interface SurveyOptions {
  readonly depth?: Depth;
  /** Zones that the operator named, by host; they win over what the servers say. */
  readonly zones?: ReadonlyMap<string, string>;
}

/** Enough to keep the wire busy, few enough not to open a thousand sockets at once. */
const CONCURRENCY = 64;

/**
 * Asks the first seed that answers, and then every node that any of them knows, for its own view.
 * A node that cannot be reached is part of the picture, as the others describe it.
 * @throws SlotctlError, exit code 4, when no seed answers as a cluster node
 */
export async function survey(
  seeds: readonly Address[],
  connections: Connections,
  { depth = "topology", zones = new Map() }: SurveyOptions = {},
): Promise<Cluster> {
  const parse = nodesParser();
  const ask = async (dial: Address) => askNode(await connections.to(dial), depth, parse);
  const first = await firstAnswer(seeds, ask);
  const answers = await askEverybody(first, connections, ask);
  return { nodes: describeAll(first, answers, connections, zones) };
}

type Ask = (dial: Address) => Promise<Testimony>;

async function firstAnswer(seeds: readonly Address[], ask: Ask): Promise<Testimony> {
  const failures: SlotctlError[] = [];
  for (const seed of seeds) {
    try {
      return await ask(seed);
    } catch (error) {
      if (!(error instanceof SlotctlError)) throw error;
      failures.push(error);
    }
  }
  const only = failures.length === 1 ? failures[0] : undefined;
  throw only ?? noSeedAnswers(failures);
}

function noSeedAnswers(failures: readonly SlotctlError[]): SlotctlError {
  return new SlotctlError(`None of the ${failures.length} seeds could be used`, {
    code: "NO_SEED",
    exitCode: ExitCode.Unreachable,
    details: failures.map(({ message }) => message),
    hint: failures[0]?.hint,
  });
}

type Answer = Testimony | Unreachable;

/** Goes on asking until no answer names a node that was not asked yet: the seed need not know everybody. */
async function askEverybody(first: Testimony, connections: Connections, ask: Ask): Promise<Map<NodeId, Answer>> {
  const answers = new Map<NodeId, Answer>([[first.view.myself.id, first]]);
  let fresh = strangersIn(first.view, answers);
  while (fresh.length > 0) {
    const replies = await mapConcurrently(fresh, CONCURRENCY, (line) => askAs(line, connections, ask));
    for (const [i, line] of fresh.entries()) answers.set(line.id, replies[i]!);
    const views = replies.filter(isTestimony).map(({ view }) => view);
    fresh = uniqueById(views.flatMap((view) => strangersIn(view, answers)));
  }
  return answers;
}

function strangersIn({ lines }: View, answers: ReadonlyMap<NodeId, Answer>): readonly NodeLine[] {
  return lines.filter((line) => !answers.has(line.id) && isDialable(line));
}

/** The id of a node in handshake is made up by the one that tells of it, and a ghost has nowhere to be reached. */
function isDialable({ host, port, handshake, noAddress }: NodeLine): boolean {
  return host !== "" && port !== 0 && !handshake && !noAddress;
}

/** An address may have passed to another node since: only an answer from the expected node counts. */
async function askAs(line: NodeLine, connections: Connections, ask: Ask): Promise<Answer> {
  const dial = connections.dialOf(line);
  try {
    const testimony = await ask(dial);
    const { id } = testimony.view.myself;
    return id === line.id ? testimony : answersAs(dial, id);
  } catch (error) {
    return unreachableFrom(error, dial);
  }
}

function answersAs(dial: Address, id: NodeId): Unreachable {
  return { code: "OTHER_NODE", message: `At ${formatAddress(dial)} another node answers: ${id}` };
}

function isTestimony(answer: Answer | undefined): answer is Testimony {
  return answer !== undefined && "view" in answer;
}

function uniqueById(lines: readonly NodeLine[]): readonly NodeLine[] {
  return [...new Map(lines.map((line) => [line.id, line])).values()];
}

/** The seed's node first, then the others in the order in which it, and after it anybody else, lists them. */
function describeAll(
  first: Testimony,
  answers: ReadonlyMap<NodeId, Answer>,
  connections: Connections,
  zones: ReadonlyMap<string, string>,
): readonly ClusterNode[] {
  const views = [...answers.values()].filter(isTestimony).map(({ view }) => view);
  const lines = [first.view.myself, ...first.view.lines, ...views.flatMap((view) => view.lines)];
  const opinions = opinionsOf(views);
  return uniqueFirst(lines).map((line) =>
    describe(line, answers.get(line.id), opinions.get(line.id), connections, zones),
  );
}

/** One node that was asked by itself, whatever others may hold of it. */
export function describeAlone(
  testimony: Testimony,
  connections: Connections,
  zones: ReadonlyMap<string, string>,
): ClusterNode {
  return describe(testimony.view.myself, testimony, undefined, connections, zones);
}

function describe(
  line: NodeLine,
  answer: Answer | undefined,
  peers: Opinion | undefined,
  connections: Connections,
  zones: ReadonlyMap<string, string>,
): ClusterNode {
  const testimony = isTestimony(answer) ? answer : undefined;
  const own = testimony?.view.myself ?? line;
  const address = addressOf(own, peers?.host, testimony, connections);
  return {
    ...own,
    host: address.host,
    address,
    dial: testimony?.dial ?? connections.dialOf(address),
    health: peers?.health ?? "ok",
    zone: zones.get(address.host) ?? (testimony === undefined ? undefined : zoneOf(testimony)),
    view: testimony?.view,
    facts: testimony?.facts,
    unreachable: answer === undefined || isTestimony(answer) ? undefined : answer,
    strayKeys: undefined,
  };
}

function zoneOf({ facts, view }: Testimony): string | undefined {
  return facts.zone ?? view.myself.aux.get("availability-zone");
}

function uniqueFirst(lines: readonly NodeLine[]): readonly NodeLine[] {
  const unique = new Map<NodeId, NodeLine>();
  for (const line of lines) {
    const known = unique.get(line.id);
    // Who lost a node's address still lists it; another may know where it is.
    if (known === undefined || (!isDialable(known) && isDialable(line))) unique.set(line.id, line);
  }
  return [...unique.values()];
}

interface Opinion {
  readonly health: Health;
  readonly host: string | undefined;
}

/** What the reached nodes say of each other node: the worst health, and the address that they use for it. */
function opinionsOf(views: readonly View[]): ReadonlyMap<NodeId, Opinion> {
  const opinions = new Map<NodeId, Opinion>();
  for (const { myself, lines } of views) {
    for (const line of lines) {
      if (line.id === myself.id) continue;
      const known = opinions.get(line.id);
      opinions.set(line.id, {
        health: worse(known?.health ?? "ok", line.health),
        host: known?.host ?? (line.host === "" ? undefined : line.host),
      });
    }
  }
  return opinions;
}

function worse(left: Health, right: Health): Health {
  const rank: Record<Health, number> = { ok: 0, suspected: 1, failing: 2 };
  return rank[left] >= rank[right] ? left : right;
}

/**
 * The address that works between servers: what the peers use, else what the node says of itself. A node that never
 * met anybody knows neither; then it is where the connection ended, never the name that was typed, which may mean
 * something else on another machine.
 */
function addressOf(
  line: NodeLine,
  peerHost: string | undefined,
  testimony: Testimony | undefined,
  { addressMap }: Connections,
): Address {
  const bus = line.busPort === undefined ? {} : { busPort: line.busPort };
  const host = peerHost ?? (line.host === "" ? undefined : line.host);
  if (host !== undefined || testimony === undefined) return { host: host ?? "", port: line.port, ...bus };
  const outside = { host: testimony.remoteHost ?? testimony.dial.host, port: line.port || testimony.dial.port };
  return { ...toInside(addressMap, outside), ...bus };
}
