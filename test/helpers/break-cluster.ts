import type { Command } from "../../src/node/node.ts";
import { eventually } from "./eventually.ts";
import type { Member } from "./start-cluster.ts";

/** A slot to break, and who is there to break it with. `owner` owns it; the other two are primaries as well. */
export interface Scene {
  readonly slot: number;
  readonly owner: Member;
  readonly target: Member;
  readonly third: Member;
  /** Everybody, replicas too. */
  readonly members: readonly Member[];
  /** The name of a key of this slot. */
  readonly key: (name: string) => string;
}

export interface Breakage {
  readonly name: string;
  readonly breakIt: (scene: Scene) => Promise<void>;
  /** What takes its owner away: nobody serves a key any more until that is mended, so it comes last. */
  readonly disown?: (scene: Scene) => Promise<void>;
  /** What would not outlive the next change of any slot map, so that it is done when all others have gone round. */
  readonly last?: (scene: Scene) => Promise<void>;
  /** Who owns the slot after the repair; undefined: anybody, as long as all agree. */
  readonly home: "owner" | "target" | undefined;
  /** The same with --direction back. */
  readonly homeBack?: "owner";
  /** Names of the keys that have to be found there. */
  readonly keys: readonly string[];
}

const SIX = ["k1", "k2", "k3", "k4", "k5", "k6"] as const;

/** The value that break-cluster gives to a key: every second one expires in an hour. */
export function valueFor(name: string): string {
  return `value of ${name}`;
}

export function expires(name: string): boolean {
  return Number(name.at(-1)) % 2 === 0;
}

function setCommand(key: string, name: string, value = valueFor(name)): Command {
  return ["SET", key, value, ...(expires(name) ? ["PX", 3_600_000] : [])];
}

/** Writes to the owner, as clients do. */
export async function fill({ owner, key }: Scene, names: readonly string[]): Promise<void> {
  await owner.callAll(names.map((name) => setCommand(key(name), name)));
}

/** Writes to a node that does not own the slot, and leaves it as it was. */
export async function stray(
  { slot, owner, key }: Scene,
  node: Member,
  names: readonly string[],
  value?: string,
): Promise<void> {
  await setSlot(node, slot, "IMPORTING", owner.id);
  await node.callAll(names.flatMap((name): Command[] => [["ASKING"], setCommand(key(name), name, value)]));
  await setSlot(node, slot, "STABLE");
}

export async function setSlot(node: Member, slot: number, ...words: readonly string[]): Promise<void> {
  await node.call("CLUSTER", "SETSLOT", slot, ...words);
}

/** Opens the slot at both ends, as the beginning of a move. */
export async function open({ slot, owner, target }: Scene): Promise<void> {
  await setSlot(target, slot, "IMPORTING", owner.id);
  await setSlot(owner, slot, "MIGRATING", target.id);
}

export async function migrate(
  { owner, target, key }: Scene,
  names: readonly string[],
  ...words: string[]
): Promise<void> {
  await owner.call("MIGRATE", target.host, target.port, "", 0, 5000, ...words, "KEYS", ...names.map(key));
}

/** Nobody owns it any more, and nobody remembers who did. Keys stay where they are. */
export async function disown({ slot, members }: Scene): Promise<void> {
  for (const member of members) await member.call("CLUSTER", "DELSLOTS", slot).catch(() => undefined);
}

/** Every way in which a slot breaks that can be made to last; the last three lose themselves in gossip now and then. */
export const BREAKAGES: readonly Breakage[] = [
  {
    name: "both ends open, half of the keys gone over",
    breakIt: async (scene) => {
      await fill(scene, SIX);
      await open(scene);
      await migrate(scene, SIX.slice(0, 3));
    },
    home: "target",
    homeBack: "owner",
    keys: SIX,
  },
  {
    name: "both ends open, nothing gone over",
    breakIt: async (scene) => {
      await fill(scene, SIX);
      await open(scene);
    },
    home: "target",
    homeBack: "owner",
    keys: SIX,
  },
  {
    name: "both ends open, everything gone over",
    breakIt: async (scene) => {
      await fill(scene, SIX);
      await open(scene);
      await migrate(scene, SIX);
    },
    home: "target",
    homeBack: "owner",
    keys: SIX,
  },
  {
    name: "both ends open, a key on both with the same value",
    breakIt: async (scene) => {
      await fill(scene, SIX);
      await open(scene);
      await migrate(scene, ["k1", "k2"], "COPY");
    },
    home: "target",
    homeBack: "owner",
    keys: SIX,
  },
  {
    name: "both ends open, no keys at all",
    breakIt: open,
    home: "target",
    homeBack: "owner",
    keys: [],
  },
  {
    name: "the target has finished, the source was not told",
    breakIt: async (scene) => {
      await fill(scene, SIX);
      await open(scene);
      await migrate(scene, SIX);
      await setSlot(scene.target, scene.slot, "NODE", scene.target.id);
      // Until it hears of it by gossip, any larger epoch of its own would cost the target these keys.
      await eventually(async () => {
        const mine = String(await scene.owner.call("CLUSTER", "NODES"));
        if (ownSlots(mine).includes(scene.slot)) throw new Error("The source has not heard of it yet");
      });
    },
    home: "target",
    keys: SIX,
  },
  {
    name: "importing only, no keys there",
    breakIt: async (scene) => {
      await fill(scene, SIX);
      await setSlot(scene.target, scene.slot, "IMPORTING", scene.owner.id);
    },
    home: "owner",
    keys: SIX,
  },
  {
    name: "importing only, with keys there: the source has failed over, or was restarted",
    breakIt: async (scene) => {
      await fill(scene, SIX);
      await open(scene);
      await migrate(scene, SIX.slice(0, 4));
      await setSlot(scene.owner, scene.slot, "STABLE");
    },
    home: "owner",
    keys: SIX,
  },
  {
    name: "migrating only",
    breakIt: async (scene) => {
      await fill(scene, SIX);
      await setSlot(scene.owner, scene.slot, "MIGRATING", scene.target.id);
    },
    home: "owner",
    keys: SIX,
  },
  {
    name: "migrating only, with keys at the target",
    breakIt: async (scene) => {
      await fill(scene, SIX);
      await open(scene);
      await migrate(scene, SIX.slice(0, 4));
      await setSlot(scene.target, scene.slot, "STABLE");
    },
    home: "owner",
    keys: SIX,
  },
  {
    name: "two import, one of them is meant",
    breakIt: async (scene) => {
      await fill(scene, SIX);
      await setSlot(scene.third, scene.slot, "IMPORTING", scene.owner.id);
      await open(scene);
      await migrate(scene, ["k1"]);
      await scene.third.callAll([["ASKING"], ["SET", scene.key("k7"), valueFor("k7")]]);
    },
    home: "target",
    homeBack: "owner",
    keys: [...SIX, "k7"],
  },
  {
    name: "one migrates, and another than its target imports",
    breakIt: async (scene) => {
      await fill(scene, SIX);
      await setSlot(scene.owner, scene.slot, "MIGRATING", scene.target.id);
      await setSlot(scene.third, scene.slot, "IMPORTING", scene.owner.id);
      await scene.third.callAll([["ASKING"], ["SET", scene.key("k7"), valueFor("k7")]]);
    },
    home: "owner",
    keys: [...SIX, "k7"],
  },
  {
    name: "importing from somebody who does not own it, with keys",
    breakIt: async (scene) => {
      await fill(scene, SIX);
      await stray(scene, scene.target, ["k7"]);
    },
    // Valkey claims it as soon as the third one tells of a new map, and the owner drops its keys: fix has to be quicker.
    last: ({ target, slot, third }) => setSlot(target, slot, "IMPORTING", third.id),
    home: "owner",
    keys: [...SIX, "k7"],
  },
  {
    name: "both ends open, each with a third one",
    breakIt: async (scene) => {
      await fill(scene, SIX);
      await stray(scene, scene.target, ["k7"]);
      await setSlot(scene.owner, scene.slot, "MIGRATING", scene.third.id);
    },
    last: ({ target, slot, third }) => setSlot(target, slot, "IMPORTING", third.id),
    home: "owner",
    keys: [...SIX, "k7"],
  },
  {
    name: "stray keys, nothing open",
    breakIt: async (scene) => {
      await fill(scene, SIX);
      await stray(scene, scene.target, ["k7", "k8"]);
      await stray(scene, scene.third, ["k9"]);
    },
    home: "owner",
    keys: [...SIX, "k7", "k8", "k9"],
  },
  {
    name: "more stray keys than the owner has, one of them twice with the same value",
    breakIt: async (scene) => {
      await fill(scene, ["k1", "k3"]);
      await stray(scene, scene.target, ["k1", "k5", "k6", "k7", "k8"]);
    },
    home: "owner",
    keys: ["k1", "k3", "k5", "k6", "k7", "k8"],
  },
  {
    name: "the owner has let go of it, and everybody else remembers",
    breakIt: async (scene) => {
      await fill(scene, SIX);
    },
    disown: async ({ owner, slot }) => {
      await owner.call("CLUSTER", "DELSLOTS", slot);
    },
    home: "owner",
    keys: SIX,
  },
  { name: "no owner, no keys", breakIt: async () => undefined, disown, home: undefined, keys: [] },
  {
    name: "no owner, keys on one node",
    breakIt: async (scene) => {
      await stray(scene, scene.target, SIX);
    },
    disown,
    home: "target",
    keys: SIX,
  },
  {
    name: "no owner, keys on several nodes",
    breakIt: async (scene) => {
      await stray(scene, scene.target, SIX.slice(0, 4));
      await stray(scene, scene.third, SIX.slice(4));
      await fill(scene, ["k8"]);
    },
    disown,
    home: "target",
    keys: [...SIX, "k8"],
  },
  {
    name: "no owner, and one imports it with keys",
    breakIt: async (scene) => {
      await stray(scene, scene.target, SIX);
    },
    disown: async (scene) => {
      await disown(scene);
      await setSlot(scene.target, scene.slot, "IMPORTING", scene.owner.id);
    },
    home: "target",
    keys: SIX,
  },
  {
    name: "somebody holds another for the owner",
    breakIt: async (scene) => {
      await setSlot(scene.third, scene.slot, "NODE", scene.target.id);
    },
    home: undefined,
    keys: [],
  },
  {
    name: "two claim it, and both migrate it",
    breakIt: async (scene) => {
      await setSlot(scene.owner, scene.slot, "MIGRATING", scene.target.id);
      await setSlot(scene.third, scene.slot, "NODE", scene.third.id);
      await setSlot(scene.third, scene.slot, "MIGRATING", scene.target.id);
      await scene.third.call("CLUSTER", "BUMPEPOCH");
    },
    home: undefined,
    keys: [],
  },
  {
    name: "two claim it",
    breakIt: async (scene) => {
      await setSlot(scene.third, scene.slot, "NODE", scene.third.id);
      await scene.third.call("CLUSTER", "BUMPEPOCH");
    },
    home: undefined,
    keys: [],
  },
];

/** One kind after the other: the last give nodes larger epochs, and with those claims of the others would not hold. */
export async function breakAll(scenes: readonly (readonly [Breakage, Scene])[]): Promise<void> {
  const inOrder = BREAKAGES.flatMap((kind) => scenes.filter(([breakage]) => breakage === kind));
  for (const [breakage, scene] of inOrder) await breakage.breakIt(scene);
  const { members } = scenes[0]![1];
  const free = inOrder.filter(([{ name }]) => name.startsWith("no owner")).map(([, { slot }]) => slot);
  for (const [breakage, scene] of inOrder) await breakage.disown?.(scene);
  await untilMapsRest(members);
  // A packet that was on its way may have reminded somebody of the owner; most have nothing left to let go of.
  while (await isAnyOwned(free, members)) {
    for (const [breakage, scene] of inOrder) await breakage.disown?.(scene).catch(() => undefined);
    await untilMapsRest(members);
  }
  for (const [breakage, scene] of inOrder) await breakage.last?.(scene);
}

async function isAnyOwned(slots: readonly number[], members: readonly Member[]): Promise<boolean> {
  const maps = await Promise.all(members.map((member) => member.call("CLUSTER", "SLOTS")));
  const ranges = maps.flat() as unknown as readonly (readonly [first: number, last: number])[];
  return slots.some((slot) => ranges.some(([first, last]) => first <= slot && slot <= last));
}

/** Every node has had a second for telling every other one what it claims, and nobody has changed its mind. */
async function untilMapsRest(members: readonly Member[]): Promise<void> {
  let last = "";
  let since = performance.now();
  await eventually(async () => {
    const maps = JSON.stringify(await Promise.all(members.map((member) => member.call("CLUSTER", "SLOTS"))));
    if (maps !== last) since = performance.now();
    last = maps;
    if (performance.now() - since < 1200) throw new Error("The cluster does not come to rest");
  });
}

function ownSlots(nodes: string): readonly number[] {
  const line = nodes.split("\n").find((text) => text.includes("myself"))!;
  const ranges = line
    .split(" ")
    .slice(8)
    .filter((word) => !word.startsWith("["));
  return ranges.flatMap((range) => {
    const [start = 0, end = start] = range.split("-").map(Number);
    return Array.from({ length: end - start + 1 }, (_, i) => start + i);
  });
}

/** For each slot a hash tag whose keys live in it, found by asking a server. */
export async function slotTags(server: Member): Promise<readonly string[]> {
  const tags: string[] = [];
  for (let next = 0; Object.keys(tags).length < 16_384; next += 20_000) {
    const names = Array.from({ length: 20_000 }, (_, i) => `t${next + i}`);
    const slots = await server.callAll(names.map((name): Command => ["CLUSTER", "KEYSLOT", name]));
    for (const [i, slot] of slots.entries()) tags[Number(slot)] ??= names[i]!;
  }
  return tags;
}
