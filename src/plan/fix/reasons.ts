import type { NodeId } from "../../model/cluster.ts";
import { formatRanges, toRanges } from "../../model/slot.ts";
import { groupBy } from "../group-by.ts";
import type { NodesById } from "./choose-owner.ts";
import { nameOf } from "./decide.ts";
import type { Decision, Unsolved } from "./decision.ts";
import type { SlotPicture } from "./slot-picture.ts";

/** What was seen, and what is done about it and why: one line for all slots that are alike. */
export function reasonsFor(decisions: readonly Decision[], nodes: NodesById): readonly string[] {
  return grouped(decisions, (group) => {
    const name = (id: NodeId) => nameOf(id, nodes);
    return `${slotsOf(group)}: ${seenText(group, name)}; ${doneText(group[0]!, name)}`;
  });
}

export function unsolvedTexts(unsolved: readonly Unsolved[], nodes: NodesById): readonly string[] {
  return grouped(unsolved, (group) => {
    const name = (id: NodeId) => nameOf(id, nodes);
    return `${slotsOf(group)}: ${seenText(group, name)}; left as it is: ${group[0]!.why}`;
  });
}

type Name = (id: NodeId) => string;

function grouped<Item extends Decision | Unsolved>(
  items: readonly Item[],
  text: (group: readonly Item[]) => string,
): readonly string[] {
  return [...groupBy(items, likenessOf).values()].map(text);
}

/** Slots are alike when everything but the number of their keys is the same. */
function likenessOf(item: Decision | Unsolved): string {
  const { slot: _, keys, seen, sharedKeys, problems: __, ...rest } = item.picture;
  const { picture: ___, ...done } = item;
  return JSON.stringify([done, rest, [...keys.keys()], [...seen], sharedKeys > 0]);
}

function slotsOf(group: readonly { readonly picture: SlotPicture }[]): string {
  const ranges = formatRanges(toRanges(group.map(({ picture }) => picture.slot)));
  return `${group.length === 1 ? "slot" : "slots"} ${ranges}`;
}

function seenText(group: readonly { readonly picture: SlotPicture }[], name: Name): string {
  const { claims, silent, migrating, importing, openOnReplicas, keys } = group[0]!.picture;
  const seen = [
    claims.length === 0 ? "nobody claims to own them" : `claimed by ${claims.map(name).join(" and ")}`,
    ...silent.map((id) => `owned by ${name(id)}, which cannot be reached`),
    ...migrating.map(({ node, peer }) => `${name(node)} migrates to ${name(peer)}`),
    ...importing.map(({ node, peer }) => `${name(node)} imports from ${name(peer)}`),
    ...openOnReplicas.map((id) => `open on the replica ${name(id)} alone`),
    ...[...keys.keys()].map((id) => `${keysText(sum(group, (picture) => picture.keys.get(id) ?? 0))} on ${name(id)}`),
    ...(keys.size === 0 ? ["no keys"] : []),
    ...disputeText(group[0]!.picture, name),
  ];
  const shared = sum(group, ({ sharedKeys }) => sharedKeys);
  return [...seen, ...(shared > 0 ? [`${keysText(shared)} on more than one of them`] : [])].join(", ");
}

function sum(group: readonly { readonly picture: SlotPicture }[], countIn: (picture: SlotPicture) => number): number {
  return group.reduce((total, { picture }) => total + countIn(picture), 0);
}

function keysText(keys: number): string {
  return keys === 1 ? "1 key" : `${keys} keys`;
}

function disputeText({ seen }: SlotPicture, name: Name): readonly string[] {
  if (seen.size < 2) return [];
  const camps = [...seen].map(([id, nodes]) => `${nodes} hold ${id === undefined ? "nobody" : name(id)} for the owner`);
  return [camps.join(" and ")];
}

function doneText(
  { owner, because, assign, moveTo, bring, closeOwner, close, disarm, givenUp, awaited }: Decision,
  name: Name,
): string {
  const done: string[] = [];
  if (givenUp !== undefined) done.push(`${name(givenUp)} is given up`);
  if (disarm.length > 0) done.push(`${disarm.map(name).join(" and ")} lets go of them first, so that it drops no key`);
  if (assign) done.push(`${name(owner)} becomes the owner, because ${because}`);
  if (moveTo !== undefined) done.push(`the move from ${name(owner)} to ${name(moveTo)} is finished`);
  if (awaited !== undefined && moveTo === undefined) {
    done.push(`not finished, because ${name(awaited)} is down and could claim them on its return`);
  }
  if (closeOwner && bring.length === 0) done.push("the move is taken back: nothing has gone over");
  if (closeOwner && bring.length > 0) done.push("the move is taken back");
  if (bring.length > 0) done.push(`the keys on ${bring.map(name).join(" and ")} go home to ${name(moveTo ?? owner)}`);
  if (close.length > 0) done.push(`closed on ${close.map(name).join(" and ")}, which has nothing to give or take`);
  return done.join(", ");
}
