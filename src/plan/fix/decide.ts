import { formatAddress } from "../../model/address.ts";
import type { NodeId } from "../../model/cluster.ts";
import { type Choice, canOwn, chooseOwner, type NodesById } from "./choose-owner.ts";
import type { Decision, Direction, Unsolved } from "./decision.ts";
import type { OpenEnd, SlotPicture } from "./slot-picture.ts";

export interface Circumstances {
  readonly nodes: NodesById;
  readonly direction: Direction;
  /** Primaries that could not be reached and are given up, because the operator said so. */
  readonly givenUp: ReadonlySet<NodeId>;
  /** Primaries that were reached and did not let their keys be counted. */
  readonly uncounted: ReadonlySet<NodeId>;
  /** Primaries of a Valkey that are down and have lost their slots to a replica: see findAwaited. */
  readonly awaited: readonly NodeId[];
  /** Who takes a slot that nobody claims and nobody holds keys of. */
  readonly dealt: ReadonlyMap<number, NodeId>;
}

/** What is done about a slot, from everything that is known of it. */
export function decide(picture: SlotPicture, circumstances: Circumstances): Decision | Unsolved {
  const { nodes, givenUp, uncounted, dealt } = circumstances;
  const unsolved = (why: string): Unsolved => ({ kind: "unsolved", picture, why });
  const blind = [...uncounted][0];
  if (blind !== undefined) return unsolved(`${nameOf(blind, nodes)} does not let its keys be counted`);
  const silent = picture.silent.find((id) => !givenUp.has(id));
  if (silent !== undefined) return unsolved(`${nameOf(silent, nodes)} owns them and cannot be reached`);

  const dealtTo = dealt.get(picture.slot);
  const choice: Choice | undefined =
    chooseOwner(picture, nodes) ??
    (dealtTo === undefined
      ? undefined
      : { owner: dealtTo, because: "nobody claims them and nobody holds keys of them" });
  if (choice === undefined) return unsolved("there is no primary left that could own them");
  return repair(picture, choice, circumstances);
}

function repair(picture: SlotPicture, { owner, because }: Choice, circumstances: Circumstances): Decision {
  const { claims, seen, migrating, importing, keys, silent } = picture;
  const meant = targetOf(picture, owner, circumstances);
  const awaited = meant === undefined ? undefined : circumstances.awaited[0];
  const moveTo = awaited !== undefined && circumstances.direction === "auto" ? undefined : meant;
  const ownerOpen = migrating.some(({ node }) => node === owner);
  const finalOwner = moveTo ?? owner;
  // The source of a move gives its keys away by the move itself.
  const bring = [...keys.keys()].filter((id) => id !== owner && id !== finalOwner);
  const ends = new Set([...migrating, ...importing].map(({ node }) => node));
  // One that imports from somebody who does not claim it is closed even with keys: they are brought home all the same.
  const isAstray = (id: NodeId) =>
    importing.some(({ node, peer }) => node === id && !(peer === owner && claims.includes(peer)));
  const isKept = (id: NodeId) => id === moveTo || bring.includes(id);
  const close = [...ends].filter((id) => id !== owner && (isAstray(id) || !isKept(id)));
  return {
    kind: "repair",
    picture,
    owner,
    because,
    disarm: claims.filter((id) => id !== owner),
    assign: !claims.includes(owner) || claims.length > 1 || seen.size > 1 || !seen.has(owner),
    closeOwner: ownerOpen && moveTo === undefined,
    moveTo,
    bring,
    close: [...close, ...picture.openOnReplicas],
    givenUp: silent[0],
    awaited,
  };
}

/** Where a move goes on to that was cut short; undefined when it does not. */
function targetOf(
  { migrating, importing, keys }: SlotPicture,
  owner: NodeId,
  { nodes, direction }: Circumstances,
): NodeId | undefined {
  if (direction === "back") return undefined;
  const isTarget = (id: NodeId) => id !== owner && canOwn(nodes.get(id));
  const from = migrating.find(({ node }) => node === owner);
  const recorded = importing.find((end) => isOtherEnd(end, from) && isTarget(end.node));
  if (recorded !== undefined) return recorded.node;
  if (direction === "auto") return undefined;
  const meant = importing.filter(({ node, peer }) => peer === owner && isTarget(node));
  if (meant.length > 0) return [...meant].sort((a, b) => (keys.get(b.node) ?? 0) - (keys.get(a.node) ?? 0))[0]!.node;
  return from !== undefined && isTarget(from.peer) ? from.peer : undefined;
}

function isOtherEnd(importing: OpenEnd, migrating: OpenEnd | undefined): boolean {
  return migrating !== undefined && importing.node === migrating.peer && importing.peer === migrating.node;
}

export function nameOf(id: NodeId, nodes: NodesById): string {
  const address = nodes.get(id)?.address;
  if (address === undefined) return `unknown node ${id.slice(0, 8)}`;
  if (address.host === "") return `the ghost ${id.slice(0, 8)}`;
  return `${formatAddress(address)} (${id.slice(0, 8)})`;
}
