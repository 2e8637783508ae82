import { type Address, formatAddress } from "../model/address.ts";
import type { NodeId } from "../model/cluster.ts";
import { countSlots, parseRanges } from "../model/slot.ts";
import { type FailoverMode, type Meet, newcomersIn, type Plan, type Step } from "../plan/plan.ts";
import { count, groupDigits, listText, nodeName } from "./words.ts";

/** The steps of a plan, each as an order. */
export function stepTexts(plan: Plan): readonly string[] {
  const newcomers = new Set(newcomersIn(plan));
  return plan.steps.map((step) => (step.kind === "meet" ? meetText(step, newcomers) : stepText(step)));
}

function meetText({ nodes }: Meet, newcomers: ReadonlySet<NodeId>): string {
  const joining = nodes.filter(({ id }) => newcomers.has(id));
  if (joining.length === 0) return `join ${count(nodes.length, "node")} into one cluster`;
  const names = listText(joining.map(({ address }) => formatAddress(address)));
  return `let ${names} join the other ${count(nodes.length - joining.length, "node")}`;
}

function stepText(step: Exclude<Step, Meet>): string {
  const name = ({ address }: { readonly address: Address }) => formatAddress(address);
  const slots = (text: string) => `${count(countSlots(parseRanges(text) ?? []), "slot")}`;
  switch (step.kind) {
    case "set-config-epoch":
      return `give ${name(step.node)} config epoch ${step.epoch}`;
    case "add-slots":
      return `give ${name(step.node)} slots ${step.slots}`;
    case "move-slots":
      return `move ${slots(step.slots)} from ${name(step.from)} to ${name(step.to)}: ${someRanges(step.slots)}`;
    case "set-config":
      return `set ${step.setting} to ${step.value} on ${name(step.node)}`;
    case "replicate":
      return `make ${name(step.node)} a replica of ${name(step.primary)}${step.inSync === true ? " and wait for the copy" : ""}`;
    case "failover":
      return `make ${name(step.node)} the primary in place of ${name(step.primary)}${MODE_TEXTS[step.mode]}`;
    case "load-functions":
      return `copy the function libraries of ${name(step.from)} to ${name(step.node)}`;
    case "forget":
      return `have ${step.from.length === 1 ? name(step.from[0]!) : count(step.from.length, "node")} forget ${nodeName(step.node)}`;
    case "reset":
      return `reset ${name(step.node)}${step.hard ? "" : ", which keeps its id"}: it forgets the cluster and what it has copied of it`;
    case "shutdown":
      return `shut ${name(step.node)} down`;
    case "del-slots":
      return `let ${name(step.node)} give up its claim to ${slots(step.slots)} of ${name(step.owner)}, keeping its keys: ${someRanges(step.slots)}`;
    case "assign-slots":
      return `make ${name(step.node)} the owner of ${slots(step.slots)} everywhere: ${someRanges(step.slots)}`;
    case "close-slots":
      return `close ${slots(step.slots)} on ${name(step.node)}: ${someRanges(step.slots)}`;
    case "bring-keys":
      return `bring the keys of ${slots(step.slots)} from ${name(step.from)} home to ${name(step.to)}: ${someRanges(step.slots)}`;
    case "bump-epoch":
      return `give ${name(step.node)} a config epoch of its own`;
  }
}

/** More ranges than these are counted: the plan as JSON has them all. */
const RANGES_SHOWN = 10;

function someRanges(text: string): string {
  const ranges = text.split(",");
  if (ranges.length <= RANGES_SHOWN + 1) return text;
  return `${ranges.slice(0, RANGES_SHOWN).join(",")} and ${groupDigits(ranges.length - RANGES_SHOWN)} more ranges`;
}

const MODE_TEXTS: Readonly<Record<FailoverMode, string>> = {
  safe: "",
  force: ", by force: without what that one alone holds",
  takeover: ", by takeover: without asking anybody",
};
