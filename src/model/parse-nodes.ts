import { parsePort } from "./address.ts";
import type { Health, NodeId, NodeLine, OpenSlot, View } from "./cluster.ts";
import { formatRanges, parseRange, SLOT_COUNT, type SlotRange, unionRanges } from "./slot.ts";

/** A reply of CLUSTER NODES that cannot be understood. The message quotes the offending line, made printable. */
export class MalformedNodes extends Error {
  override readonly name = "MalformedNodes";
}

/**
 * Reads CLUSTER NODES replies, one line a node:
 *
 *     <id> <ip>:<port>@<bus port>[,hostname[,name=value…]] <flags> <primary id or -> <ping> <pong> <epoch> <link> <slots>
 *
 * where a slot is "0-5460", "7000", "[93->-<id>]" (migrating) or "[77-<-<id>]" (importing). Understands Redis 5.0 to 8
 * and Valkey 7.2 to 9. In a cluster of n nodes the n replies hold nearly the same n lines; one parser used for all of
 * them reads each distinct line once and shares the result.
 */
export function nodesParser(): (reply: string) => View {
  const seen = new Map<string, NodeLine>();
  return (reply) => {
    const lines: NodeLine[] = [];
    let myself: NodeLine | undefined;
    for (const text of reply.split("\n")) {
      if (text === "" || text === "\r") continue;
      const line = parseOnce(text.endsWith("\r") ? text.slice(0, -1) : text, seen);
      lines.push(line);
      if (isMyself(text)) myself = line;
    }
    if (myself === undefined) throw new MalformedNodes("no line of the reply is flagged myself");
    return { myself, lines, slotMap: slotMapOf(lines) };
  };
}

/** One reply on its own. */
export function parseNodes(reply: string): View {
  return nodesParser()(reply);
}

function isMyself(text: string): boolean {
  return text.split(" ", 3)[2]!.split(",").includes("myself");
}

/** The ping and pong times, fields 5 and 6, differ in every reply and tell nothing that we use. */
function parseOnce(text: string, seen: Map<string, NodeLine>): NodeLine {
  const beforePing = endOfField(text, 4);
  const beforeEpoch = endOfField(text, 6);
  if (beforePing < 0 || beforeEpoch < 0) throw malformed(text, "it has fewer than eight fields");
  const stable = text.slice(0, beforePing) + text.slice(beforeEpoch);
  const known = seen.get(stable);
  if (known !== undefined) return known;
  const line = parseLine(text);
  seen.set(stable, line);
  return line;
}

/** Where the n-th field ends, -1 when there are not that many. */
function endOfField(text: string, n: number): number {
  let position = -1;
  for (let field = 0; field < n; field++) {
    position = text.indexOf(" ", position + 1);
    if (position < 0) return -1;
  }
  return position;
}

function parseLine(text: string): NodeLine {
  const [id = "", location = "", flagWords = "", primary = "", , , epoch = "", link, ...claims] = text.split(" ");
  if (!isNodeId(id)) throw malformed(text, "it does not begin with a node id");
  if (link === undefined) throw malformed(text, "it has fewer than eight fields");
  if (!/^\d{1,20}$/.test(epoch)) throw malformed(text, "its config epoch is no number");
  if (primary !== "-" && !isNodeId(primary)) throw malformed(text, "its primary is neither a node id nor -");

  const flags = flagWords.split(",").filter((flag) => flag !== "myself" && flag !== "noflags");
  // Redis and Valkey both still say master and slave here; this is the one place that needs to know.
  const isReplica = flags.includes("slave") || flags.includes("replica");
  return {
    id,
    ...parseLocation(location, text),
    flags,
    role: isReplica ? "replica" : "primary",
    primaryId: primary === "-" ? undefined : primary,
    health: healthOf(flags),
    handshake: flags.includes("handshake"),
    noAddress: flags.includes("noaddr"),
    configEpoch: Number(epoch),
    linkUp: link === "connected",
    ...parseClaims(claims, text),
  };
}

/** A full node id: 40 hex digits, lower case as servers print them. */
export function isNodeId(text: string): text is NodeId {
  return /^[0-9a-f]{40}$/.test(text);
}

function healthOf(flags: readonly string[]): Health {
  if (flags.includes("fail")) return "failing";
  return flags.includes("fail?") ? "suspected" : "ok";
}

type Location = Pick<NodeLine, "host" | "port" | "busPort" | "hostname" | "aux">;

/** "ip:port@bus,hostname,name=value…". The ip may be empty, and is unbracketed when it is IPv6; ":0@0" is no address. */
function parseLocation(location: string, text: string): Location {
  const [endpoint = "", hostname = "", ...extras] = location.split(",");
  const match = /^(.*):(\d{1,5})(?:@(\d{1,5}))?$/.exec(endpoint);
  if (match === null) throw malformed(text, "its address is not ip:port@bus-port");
  const aux = new Map(extras.filter((extra) => extra.includes("=")).map(splitAtEquals));
  return {
    host: match[1]!,
    // A server that speaks TLS only may print port 0 and name the real one in tls-port.
    port: parsePort(match[2]!) ?? parsePort(aux.get("tls-port") ?? "") ?? 0,
    busPort: match[3] === undefined ? undefined : parsePort(match[3]),
    hostname: hostname === "" ? undefined : hostname,
    aux,
  };
}

function splitAtEquals(extra: string): [string, string] {
  const at = extra.indexOf("=");
  return [extra.slice(0, at), extra.slice(at + 1)];
}

function parseClaims(claims: readonly string[], text: string): Pick<NodeLine, "slots" | "openSlots"> {
  const ranges: SlotRange[] = [];
  const openSlots: OpenSlot[] = [];
  for (const claim of claims) {
    if (claim === "") continue;
    if (claim.startsWith("[")) {
      openSlots.push(parseOpenSlot(claim, text));
      continue;
    }
    const range = parseRange(claim);
    if (range === undefined) throw malformed(text, `"${printable(claim)}" is no slot range`);
    ranges.push(range);
  }
  return { slots: unionRanges(ranges), openSlots };
}

function parseOpenSlot(claim: string, text: string): OpenSlot {
  const match = /^\[(\d{1,5})-([<>])-([0-9a-f]{40})\]$/.exec(claim);
  const slot = Number(match?.[1] ?? SLOT_COUNT);
  if (match === null || slot >= SLOT_COUNT) throw malformed(text, `"${printable(claim)}" is no open slot`);
  return { slot, state: match[2] === ">" ? "migrating" : "importing", peerId: match[3] as NodeId };
}

function slotMapOf(lines: readonly NodeLine[]): string {
  const owners = lines.filter(({ slots }) => slots.length > 0);
  return owners
    .map(({ id, slots }) => `${id} ${formatRanges(slots)}`)
    .sort()
    .join("\n");
}

function malformed(text: string, why: string): MalformedNodes {
  const shown = text.length > 120 ? `${text.slice(0, 120)}…` : text;
  return new MalformedNodes(`cannot read the CLUSTER NODES line "${printable(shown)}": ${why}`);
}

/** Whatever a server sent, a terminal must not obey it: control characters become "?". */
function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, "?");
}
