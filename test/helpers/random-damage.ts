import type { Command } from "../../src/node/node.ts";
import { setSlot } from "./break-cluster.ts";
import { eventually } from "./eventually.ts";
import type { Member } from "./start-cluster.ts";

/** The same numbers for the same seed (mulberry32). */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
}

export interface DamageSite {
  readonly primaries: readonly Member[];
  /** The slots that get broken. */
  readonly slots: readonly number[];
  readonly tags: readonly string[];
}

/** Some slots of each primary of three that share the slots evenly. */
export function battlefield(): readonly number[] {
  return Array.from({ length: 12 }, (_, i) => (i % 3) * 5461 + 200 + i);
}

const NAMES = ["n1", "n2", "n3", "n4"] as const;

/** A key has the same value wherever it is, so that copies are equal and a lost one is seen. */
export function damagedKey({ tags }: DamageSite, slot: number, name: string): string {
  return `{${tags[slot]}}${name}`;
}

/** Takes away what an earlier round left, and gives every slot its keys at whoever owns it. */
export async function fillSlots(site: DamageSite): Promise<void> {
  for (const slot of site.slots) {
    for (const primary of site.primaries) {
      const commands = NAMES.map((name): Command => ["SET", damagedKey(site, slot, name), `value ${slot} ${name}`]);
      const isOwner = await primary.callAll(commands).then(
        () => true,
        () => false,
      );
      if (isOwner) break;
    }
  }
}

/** So many random commands, each to one node alone; a server that refuses one is as it was. */
export async function damage(site: DamageSite, seed: number, times = 40): Promise<void> {
  const below = randomNumbers(seed);
  for (let i = 0; i < times; i++) await oneBlow(site, below).catch(() => undefined);
}

async function oneBlow(site: DamageSite, below: (limit: number) => number): Promise<void> {
  const { primaries, slots } = site;
  const [node, other] = [primaries[below(primaries.length)]!, primaries[below(primaries.length)]!];
  const slot = slots[below(slots.length)]!;
  const keys = NAMES.slice(0, 1 + below(NAMES.length)).map((name) => damagedKey(site, slot, name));
  switch (below(9)) {
    case 0:
      return setSlot(node, slot, "NODE", other.id);
    case 1:
      return setSlot(node, slot, "IMPORTING", other.id);
    case 2:
      return setSlot(node, slot, "MIGRATING", other.id);
    case 3:
      return setSlot(node, slot, "STABLE");
    case 4:
      return void (await node.call("CLUSTER", "ADDSLOTS", slot));
    case 5:
      return void (await node.call("CLUSTER", "DELSLOTS", slot));
    case 6:
      return void (await node.call("CLUSTER", "BUMPEPOCH"));
    case 7:
      await setSlot(other, slot, "IMPORTING", node.id);
      await setSlot(node, slot, "MIGRATING", other.id);
      return void (await node.call("MIGRATE", other.host, other.port, "", 0, 2000, "KEYS", ...keys));
    default:
      await setSlot(node, slot, "IMPORTING", other.id);
      return void (await node.callAll(
        keys.flatMap((key): Command[] => [
          ["ASKING"],
          ["SET", key, `value ${slot} ${key.slice(key.indexOf("}") + 1)}`],
        ]),
      ));
  }
}

/** The names of all keys of the slots that some node holds. */
export async function heldKeys({ primaries, slots }: DamageSite): Promise<ReadonlySet<string>> {
  const asking = slots.map((slot): Command => ["CLUSTER", "GETKEYSINSLOT", slot, 100]);
  const replies = await Promise.all(primaries.map((primary) => primary.callAll(asking)));
  return new Set(replies.flat().flatMap((keys) => (Array.isArray(keys) ? keys.map(String) : [])));
}

/** What gossip does by itself to damage of this kind, some of it cruel, is over: maps and keys stand still. */
export async function untilStill(site: DamageSite): Promise<ReadonlySet<string>> {
  let last = "";
  let since = performance.now();
  return eventually(
    async () => {
      const maps = await Promise.all(site.primaries.map((primary) => primary.call("CLUSTER", "SLOTS")));
      const keys = await heldKeys(site);
      const now = JSON.stringify([maps, [...keys].sort()]);
      if (now !== last) since = performance.now();
      last = now;
      if (performance.now() - since < 1200) throw new Error("The cluster does not come to rest");
      return keys;
    },
    { within: 30_000 },
  );
}
