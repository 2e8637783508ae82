import { describe, expect, test } from "vitest";
import type { Decision } from "../../../../src/plan/fix/decision.ts";
import type { SlotPicture } from "../../../../src/plan/fix/slot-picture.ts";
import {
  coverageQuestion,
  coveringText,
  openSlotText,
  unreachableText,
} from "../../../../src/view/redis-cli/fix-text.ts";
import { idOf } from "../../../helpers/cluster-builder.ts";
import { REDIS, threeShards, VALKEY } from "../../../helpers/redis-cli-clusters.ts";

const cluster = threeShards();
const [A, B, C] = ["localhost:7001", "127.0.0.1:7002", "127.0.0.1:7003"];

function decision(picture: Partial<SlotPicture>, rest: Partial<Decision> = {}): Decision {
  const empty = { migrating: [], importing: [], keys: new Map(), problems: new Set(["open-slots"]) };
  return {
    kind: "repair",
    picture: { slot: 7, ...empty, ...picture } as unknown as SlotPicture,
    owner: idOf("a"),
    because: "a says so of itself",
    disarm: [],
    assign: false,
    closeOwner: false,
    moveTo: undefined,
    bring: [],
    close: [],
    givenUp: undefined,
    awaited: undefined,
    ...rest,
  };
}

const end = (name: string) => ({ node: idOf(name), peer: undefined }) as never;

describe("an open slot", () => {
  test.each([
    [
      "that moves on",
      decision({ migrating: [end("a")], importing: [end("b")] }, { moveTo: idOf("b") }),
      `Set as migrating in: ${A}\nSet as importing in: ${B}\n>>> Case 1: Moving slot 7 from ${A} to ${B}\n`,
    ],
    [
      "that moves on while another node imports it too",
      decision({ migrating: [end("a")], importing: [end("b"), end("c")] }, { moveTo: idOf("b"), close: [idOf("c")] }),
      `Set as migrating in: ${A}\nSet as importing in: ${B},${C}\n` +
        `>>> Case 3: Moving slot 7 from ${A} to ${B} and closing it on all the other importing nodes.\n`,
    ],
    [
      "that is imported with keys",
      decision({ importing: [end("b")], keys: new Map([[idOf("b"), 2]]) }, { bring: [idOf("b")] }),
      `*** Found keys about slot 7 in non-owner node ${B}!\nSet as importing in: ${B}\n` +
        `>>> Case 2: Moving all the 7 slot keys to its owner ${A}\n>>> Setting 7 as STABLE in ${B}\n`,
    ],
    [
      "that is migrating alone",
      decision({ migrating: [end("a")] }, { closeOwner: true }),
      `Set as migrating in: ${A}\n>>> Case 4: Closing slot 7 on ${A}\n`,
    ],
  ])("%s", (_, repair, lines) => {
    expect(openSlotText(repair, cluster, REDIS)).toBe(`>>> Fixing open slot 7\n${lines}`);
  });
});

test("uncovered slots are named in ranges behind the class that they belong to", () => {
  expect(coverageQuestion("multi", [1, 2, 3, 9])).toBe(
    "The following uncovered slots have keys in multiple nodes:\n[1-3,9]\n" +
      "Fix these slots by moving keys into a single node? (type 'yes' to accept): ",
  );
  const several = decision({ keys: new Map([[idOf("a"), 1], [idOf("b"), 1]]) }); // biome-ignore format: one line
  expect(coveringText(several, cluster, REDIS)).toBe(`>>> Covering slot 7 moving keys to ${A}\n`);
});

test("17.8.109 the refusal names the option in the words of the tool", () => {
  expect(unreachableText("open slots", 2, REDIS)).toMatch(/^\*\*\* Fixing open slots with 2 unreachable masters .*: redis-cli .*--cluster-fix-with-unreachable-masters option\.\n$/s); // biome-ignore format: one line
  expect(unreachableText("slots coverage", 1, VALKEY)).toMatch(/^\*\*\* Fixing slots coverage with 1 unreachable primaries .*: valkey-cli .*-unreachable-primaries option\.\n$/s); // biome-ignore format: one line
});
