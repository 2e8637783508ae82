import { type Address, BUS_PORT_OFFSET, busPortOf, formatAddress } from "../model/address.ts";
import type { NodeId, View } from "../model/cluster.ts";
import { formatRanges } from "../model/slot.ts";
import { tcpAnswers } from "../node/tcp-answers.ts";
import { waitUntil } from "../node/wait-until.ts";
import type { Meet, NodeRef } from "../plan/plan.ts";
import { change, type Executor, forgive, type OnChange, viewOf } from "./executor.ts";
import { joinTimedOut } from "./failures.ts";

/** A handshake is given up by the servers after a node timeout, at least a second; then it has to be asked for again. */
const MEET_AGAIN_MS = 1500;

/** A server looks at its handshakes ten times a second; two rounds of that, and a packet has been there and back. */
const TELL_AGAIN_MS = 300;

/**
 * Introduces the nodes to each other and waits until every one of them knows all, and what each of them owns. Gossip
 * alone takes seconds to reach everybody; telling each node of a few others at growing distances makes it a matter of
 * one or two rounds.
 * @throws SlotctlError that tells for each node whom it does not know, and which bus ports do not answer
 */
export async function meet({ nodes, slotsLater }: Meet, executor: Executor, onChange: OnChange): Promise<boolean> {
  let changed = false;
  const pausedUntil = { introducing: 0, telling: 0 };
  const tell = async (what: keyof typeof pausedUntil, pairs: readonly Pair[], pause: number) => {
    if (performance.now() < pausedUntil[what]) return;
    pausedUntil[what] = performance.now() + pause;
    changed = true;
    onChange();
    await Promise.all(pairs.map(([one, other]) => sendMeet(one, other, executor)));
  };
  const look = async () => {
    const views = await viewsOf(nodes, executor);
    const gaps = gapsIn(nodes, views);
    if (gaps.length > 0) {
      executor.emit({ type: "waiting", on: "join", done: nodes.length - nodesWithGaps(gaps), total: nodes.length });
      await tell("introducing", pairsFor(nodes, gaps), MEET_AGAIN_MS);
      return undefined;
    }
    const unheard = slotsLater === true ? [] : unheardIn(nodes, views);
    if (unheard.length === 0) return true;
    const late = new Set(unheard.map(([, listener]) => listener.id));
    executor.emit({ type: "waiting", on: "agreement", done: nodes.length - late.size, total: nodes.length });
    await tell("telling", unheard, TELL_AGAIN_MS);
    return undefined;
  };
  if ((await waitUntil(look, executor)) === undefined) await diagnose(nodes, executor);
  return changed;
}

/** The first is told to meet the second. */
type Pair = readonly [NodeRef, NodeRef];

/** Tells one node to meet another. */
export async function sendMeet(one: NodeRef, other: NodeRef, executor: Executor): Promise<void> {
  await change(executor, one, "CLUSTER", "MEET", ...meetArguments(other.address));
}

/**
 * Who owns slots of which another node does not know yet. The packets of a handshake come from a stranger, and what
 * strangers claim to own is ignored; the next ones come seconds later when the node timeout is long. A MEET between
 * acquainted nodes changes nothing, but carries the claims of its sender at once.
 */
function unheardIn(nodes: readonly NodeRef[], views: Views): readonly Pair[] {
  return nodes.flatMap((owner) => {
    const owned = formatRanges(views.get(owner.id)?.myself.slots ?? []);
    const hears = ({ id }: NodeRef) => {
      const line = views.get(id)?.lines.find((candidate) => candidate.id === owner.id);
      return line === undefined || formatRanges(line.slots) === owned;
    };
    return owned === "" ? [] : nodes.filter((listener) => !hears(listener)).map((listener): Pair => [owner, listener]);
  });
}

/** `node` does not know `stranger`. */
interface Gap {
  readonly node: NodeRef;
  readonly stranger: NodeRef;
}

type Views = ReadonlyMap<NodeId, View | undefined>;

async function viewsOf(nodes: readonly NodeRef[], executor: Executor): Promise<Views> {
  const views = await Promise.all(
    nodes.map((node) => viewOf(executor, node).catch((error: unknown) => forgive(executor, node, error))),
  );
  return new Map(nodes.map(({ id }, i) => [id, views[i]]));
}

function gapsIn(nodes: readonly NodeRef[], views: Views): readonly Gap[] {
  return nodes.flatMap((node) => {
    const lines = views.get(node.id)?.lines ?? [];
    const known = new Set(lines.filter(({ handshake }) => !handshake).map(({ id }) => id));
    return nodes.filter(({ id }) => !known.has(id)).map((stranger) => ({ node, stranger }));
  });
}

function nodesWithGaps(gaps: readonly Gap[]): number {
  return new Set(gaps.map(({ node }) => node.id)).size;
}

/**
 * A pair is introduced also when only the second does not know the first: a node that was killed may come back without
 * what it had just learned, and it listens to nobody but those who send a MEET.
 */
function pairsFor(nodes: readonly NodeRef[], gaps: readonly Gap[]): readonly Pair[] {
  const open = new Set(gaps.map(({ node, stranger }) => `${node.id} ${stranger.id}`));
  return pairsToIntroduce(nodes).filter(
    ([one, other]) => open.has(`${one.id} ${other.id}`) || open.has(`${other.id} ${one.id}`),
  );
}

/** So few that everybody can be introduced to everybody. */
const FEW_NODES = 16;

/**
 * Each node meets those 1, 2, 4, 8 … places after it: log2(n) each, and nobody is further than log2(n) hops away. Among
 * a few, each meets all.
 */
function pairsToIntroduce(nodes: readonly NodeRef[]): readonly Pair[] {
  const pairs = new Map<string, Pair>();
  for (const [i, one] of nodes.entries()) {
    for (
      let distance = 1;
      distance < nodes.length;
      distance = nodes.length <= FEW_NODES ? distance + 1 : distance * 2
    ) {
      const other = nodes[(i + distance) % nodes.length]!;
      // One direction is enough, and two at once would only make two handshakes of one.
      const key = [one.id, other.id].sort().join(" ");
      if (!pairs.has(key)) pairs.set(key, [one, other]);
    }
  }
  return [...pairs.values()];
}

/** The bus port is said only where it is not the usual one: servers before 4.0 do not take it. */
function meetArguments(address: Address): readonly (string | number)[] {
  const busPort = busPortOf(address);
  return [address.host, address.port, ...(busPort === address.port + BUS_PORT_OFFSET ? [] : [busPort])];
}

/** Tells who does not know whom, and tries the bus ports from here: the usual culprits. */
async function diagnose(nodes: readonly NodeRef[], executor: Executor): Promise<never> {
  const gaps = gapsIn(nodes, await viewsOf(nodes, executor));
  const strangers = [...new Map(gaps.map(({ stranger }) => [stranger.id, stranger])).values()];
  const details = await Promise.all(
    strangers.map(async (stranger) => {
      const unknownTo = gaps
        .filter((gap) => gap.stranger.id === stranger.id)
        .map(({ node }) => formatAddress(node.address));
      return `${formatAddress(stranger.address)} is not known to ${unknownTo.join(", ")}; ${await busPortText(stranger, executor)}`;
    }),
  );
  throw joinTimedOut(executor.timeout / 1000, details);
}

async function busPortText({ address }: NodeRef, { connections }: Executor): Promise<string> {
  const port = busPortOf(address);
  const dial = { host: connections.dialOf(address).host, port };
  const answers = await tcpAnswers(dial, 1000);
  return answers
    ? `its bus port ${port} can be reached from here, so look between the nodes`
    : `its bus port ${port} cannot be reached from here either`;
}
