import type { NodeId } from "../../src/model/cluster.ts";
import { keySlot } from "../../src/model/key-slot.ts";
import { countSlots, intersectRanges, parseRanges, type SlotRanges } from "../../src/model/slot.ts";
import type { TestEngine } from "../helpers/engines.ts";
import { startCluster, type TestCluster } from "../helpers/start-cluster.ts";

/** Three primaries that own everything, and a fourth that was just added and owns nothing yet. */
const LAYOUT = { a: [0, 5460], b: [5461, 10_922], c: [10_923, 16_383], d: [] } as const;

export type Name = keyof typeof LAYOUT;
export const SOURCES = ["a", "b", "c"] as const;
export const MOVED_SLOTS = 4096;

export type GrownCluster = TestCluster<Name>;

/** An emptied primary has to stay one: the same slots are moved there again and again. */
export function startGrownCluster(engine: TestEngine): Promise<GrownCluster> {
  return startCluster(engine, LAYOUT, { settings: { "cluster-allow-replica-migration": "no" } });
}

/** What of the slots that the newcomer owns now was whose, as ranges that reshard takes. */
export async function slotsToGiveBack({ nodes }: GrownCluster): Promise<readonly (readonly [NodeId, string])[]> {
  const owned = ownSlots(String(await nodes.d.call("CLUSTER", "NODES")));
  return SOURCES.flatMap((name) => {
    const [start, end] = LAYOUT[name];
    const back = intersectRanges(owned, [{ start, end }]);
    return back.length === 0 ? [] : [[nodes[name].id, textOf(back)] as const];
  });
}

/** @throws Error when the newcomer does not own what should have gone there */
export async function assertMoved({ nodes }: GrownCluster): Promise<void> {
  const owned = countSlots(ownSlots(String(await nodes.d.call("CLUSTER", "NODES"))));
  if (owned < MOVED_SLOTS - 3) throw new Error(`${owned} slots arrived, and not ${MOVED_SLOTS}`);
}

function ownSlots(view: string): SlotRanges {
  const line = view.split("\n").find((text) => /\bmyself\b/.test(text)) ?? "";
  return (
    parseRanges(
      line
        .split(" ")
        .slice(8)
        .filter((word) => /^[\d-]+$/.test(word))
        .join(","),
    ) ?? []
  );
}

function textOf(ranges: SlotRanges): string {
  return ranges.map(({ start, end }) => (start === end ? `${start}` : `${start}-${end}`)).join(",");
}

/** So many keys over all slots, each with a value of so many bytes. */
export async function loadKeys(cluster: GrownCluster, count: number, valueBytes: number): Promise<void> {
  const value = "v".repeat(valueBytes);
  await Promise.all(
    SOURCES.map(async (name) => {
      const [start, end] = LAYOUT[name];
      let commands: (readonly string[])[] = [];
      for (let i = 0; i < count; i++) {
        const key = `key:${i}`;
        const slot = keySlot(Buffer.from(key));
        if (slot < start || slot > end) continue;
        commands.push(["SET", key, value]);
        if (commands.length < 5000) continue;
        await cluster.nodes[name].callAll(commands);
        commands = [];
      }
      await cluster.nodes[name].callAll(commands);
    }),
  );
}
