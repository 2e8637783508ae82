import { type Cluster, type ClusterNode, primariesOf, slotCountOf } from "../model/cluster.ts";
import {
  countSlots,
  formatRanges,
  intersectRanges,
  parseRanges,
  type SlotRanges,
  subtractRanges,
  unionRanges,
} from "../model/slot.ts";
import { count, groupDigits } from "../view/words.ts";
import { wholeNumber } from "./pace.ts";
import type { Choice, Prompt } from "./prompt.ts";

/** Primaries that give slots, and the one that gets them. */
export interface Ends {
  readonly sources: readonly ClusterNode[];
  readonly target: ClusterNode;
}

/** How much is moved, as --slots takes it. */
export interface Amount {
  readonly word: string;
  readonly told: string;
  /** The ends that it was asked for: for others it may be too much, or not what was meant. Undefined when it was typed. */
  readonly ends: Ends | undefined;
}

type Kind = "count" | "percent" | "balanced" | "ranges";

/** Asks how much, in one of four ways. All of them end as a number of slots, or as ranges. */
export async function askAmount(ends: Ends, prompt: Prompt): Promise<Amount> {
  const kind = await prompt.choose<Kind>({ name: "amount", message: "How much?", choices: amountChoices(ends) });
  switch (kind) {
    case "count": {
      const slots = await askNumber(
        "slots",
        `How many slots? (1 to ${groupDigits(slotsOf(ends))})`,
        slotsOf(ends),
        prompt,
      );
      return amountOf(slots, ends);
    }
    case "percent": {
      const percent = await askNumber("percent", "How many percent of the sources' slots? (1 to 100)", 100, prompt);
      return amountOf(Math.max(1, Math.round((slotsOf(ends) * percent) / 100)), ends);
    }
    case "balanced":
      return amountOf(missingToBalance(ends), ends);
    case "ranges":
      return askRanges(ends, prompt);
  }
}

export function amountChoices(ends: Ends): readonly Choice<Kind>[] {
  const missing = missingToBalance(ends);
  const balanced: Choice<Kind> = {
    value: "balanced",
    cells: ["until balanced", count(missing, "slot")],
    note: "So many that the target owns as many slots as the sources do on average.",
  };
  return [
    ...(missing > 0 ? [balanced] : []),
    { value: "count", cells: ["a number of slots"], note: `The sources own ${count(slotsOf(ends), "slot")}.` },
    { value: "percent", cells: ["a percentage"], note: "Of the slots that the sources own together." },
    { value: "ranges", cells: ["named ranges"], note: "These very slots, for example 0-99,500-599." },
  ];
}

/** How many slots the target lacks to its share, when it and the sources shared evenly what they own. */
export function missingToBalance({ sources, target }: Ends): number {
  const owned = slotCountOf(target);
  const share = Math.floor((slotsOf({ sources, target }) + owned) / (sources.length + 1));
  return Math.max(0, share - owned);
}

/** "all": every primary with slots but the target. */
export function sourcesOf(cluster: Cluster, from: "all" | readonly ClusterNode[], target: ClusterNode) {
  return from === "all" ? primariesOf(cluster).filter((node) => node !== target && node.slots.length > 0) : from;
}

function amountOf(slots: number, ends: Ends): Amount {
  return { word: String(slots), told: count(slots, "slot"), ends };
}

async function askNumber(name: string, message: string, maximum: number, prompt: Prompt): Promise<number> {
  return Number(await prompt.enter({ name, message, complaint: wholeNumber(1, maximum) }));
}

async function askRanges(ends: Ends, prompt: Prompt): Promise<Amount> {
  const message = "Which slots? (for example 0-99,500-599)";
  const text = await prompt.enter({ name: "ranges", message, complaint: (typed) => wrongRanges(typed, ends) });
  const slots = parseRanges(text) ?? [];
  return { word: rangesWord(slots), told: `slots ${formatRanges(slots)}`, ends };
}

function wrongRanges(text: string, { sources, target }: Ends): string | undefined {
  const slots = parseRanges(text);
  if (slots === undefined || slots.length === 0) return "Type slots from 0 to 16383, for example 0-99,500-599 or 7";
  const owned = unionRanges(...sources.map((node) => node.slots));
  const strange = subtractRanges(slots, unionRanges(owned, target.slots));
  if (strange.length > 0) return `The sources do not own ${formatRanges(strange.slice(0, 5))}`;
  return intersectRanges(slots, owned).length === 0 ? "The target owns these already" : undefined;
}

/** A bare number is how many: one slot alone is written as a range. */
function rangesWord(slots: SlotRanges): string {
  const text = formatRanges(slots);
  return /^\d+$/.test(text) ? `${text}-${text}` : text;
}

function slotsOf({ sources }: Ends): number {
  return sources.reduce((sum, { slots }) => sum + countSlots(slots), 0);
}
