import { type Address, formatAddress } from "../model/address.ts";
import { countSlots, parseRanges } from "../model/slot.ts";
import type { Step } from "../plan/plan.ts";
import { count } from "./words.ts";

/** One step, as an order. */
export function stepText(step: Step): string {
  const name = ({ address }: { readonly address: Address }) => formatAddress(address);
  const slots = (text: string) => `${count(countSlots(parseRanges(text) ?? []), "slot")}`;
  switch (step.kind) {
    case "set-config-epoch":
      return `give ${name(step.node)} config epoch ${step.epoch}`;
    case "add-slots":
      return `give ${name(step.node)} slots ${step.slots}`;
    case "meet":
      return `join ${count(step.nodes.length, "node")} into one cluster`;
    case "move-slots":
      return `move ${slots(step.slots)} from ${name(step.from)} to ${name(step.to)}: ${step.slots}`;
    case "set-config":
      return `set ${step.setting} to ${step.value} on ${name(step.node)}`;
    case "replicate":
      return `make ${name(step.node)} a replica of ${name(step.primary)}`;
    case "del-slots":
      return `let ${name(step.node)} give up its claim to ${slots(step.slots)} of ${name(step.owner)}, keeping its keys: ${step.slots}`;
    case "assign-slots":
      return `make ${name(step.node)} the owner of ${slots(step.slots)} everywhere: ${step.slots}`;
    case "close-slots":
      return `close ${slots(step.slots)} on ${name(step.node)}: ${step.slots}`;
    case "bring-keys":
      return `bring the keys of ${slots(step.slots)} from ${name(step.from)} home to ${name(step.to)}: ${step.slots}`;
    case "bump-epoch":
      return `give ${name(step.node)} a config epoch of its own`;
  }
}
