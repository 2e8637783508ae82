import { describe, expect, test } from "vitest";
import type { RunEvent } from "../../../../src/execute/events.ts";
import type { ClusterNode } from "../../../../src/model/cluster.ts";
import { parseRanges } from "../../../../src/model/slot.ts";
import type { NodeBalance } from "../../../../src/plan/rebalance-balance.ts";
import type { SlotMove } from "../../../../src/plan/slot-moves.ts";
import { type MoveWords, movesTeller } from "../../../../src/view/redis-cli/moves-teller.ts";
import {
  ambiguousPrimaryText,
  balancesText,
  fixBeforeRebalancingText,
  type MoveStyle,
  noRebalancingText,
  noSuchPrimaryText,
  notAPrimaryText,
  rebalanceWords,
  rebalancingText,
  reshardSummaryText,
  reshardWords,
  sourceQuestion,
  targetAsSourceText,
} from "../../../../src/view/redis-cli/moves-text.ts";
import { clusterOf, idOf, nodeNamed } from "../../../helpers/cluster-builder.ts";
import { COLOURED, REDIS, threeShards, VALKEY } from "../../../helpers/redis-cli-clusters.ts";

const REDIS_MOVES: MoveStyle = { ...REDIS, ranges: false };
const VALKEY_MOVES: MoveStyle = { ...VALKEY, ranges: true };
const cluster = threeShards();
const [a, b, c] = ["a", "b", "c"].map((name) => nodeNamed(cluster, name)) as [ClusterNode, ClusterNode, ClusterNode];

function move(from: string, to: string, slots: string): SlotMove {
  return { from: idOf(from), to: idOf(to), slots: parseRanges(slots)! };
}

/** Of slots that all bring so many keys. */
function wholeText({ head, slots, key, end, tail }: MoveWords, keys = 0): string {
  return [head, ...[...slots.values()].map((slot) => slot + key.repeat(keys) + end), tail].join("");
}

describe("reshard", () => {
  const summary = {
    slots: 3,
    sources: [b, c],
    target: a,
    moves: [move("b", "a", "5461-5462"), move("c", "a", "10923")],
  };
  const blocks = `
Ready to move 3 slots.
  Source nodes:
    M: ${b.id} 127.0.0.1:7002
       slots:[5461-10922] (5462 slots) master
       1 additional replica(s)
    M: ${c.id} 127.0.0.1:7003
       slots:[10923-16383] (5461 slots) master
       1 additional replica(s)
  Destination node:
    M: ${a.id} localhost:7001
       slots:[0-5460] (5461 slots) master
       1 additional replica(s)
  Resharding plan:
`;

  test("A.3 the summary names every slot of the plan", () => {
    expect(reshardSummaryText(summary, cluster, REDIS_MOVES)).toBe(
      `${blocks}    Moving slot 5461 from ${b.id}\n    Moving slot 5462 from ${b.id}\n    Moving slot 10923 from ${c.id}\n`,
    );
  });

  test("12.3 valkey-cli 9.1 names ranges, a single slot as well", () => {
    expect(reshardSummaryText(summary, cluster, VALKEY_MOVES)).toBe(
      `${blocks}    Moving slot range 5461-5462 from ${b.id}\n    Moving slot range 10923-10923 from ${c.id}\n`,
    );
    const scattered = { ...summary, moves: [move("b", "a", "5461-5462,6000")] };
    expect(reshardSummaryText(scattered, cluster, VALKEY_MOVES)).toContain(
      `    Moving slot range 5461-5462 6000-6000 from ${b.id}\n`,
    );
  });

  test("17.6.93 a line for each slot that has moved", () => {
    const moved = move("b", "a", "5461,5463");
    expect(wholeText(reshardWords(moved, cluster, REDIS_MOVES))).toBe(
      "Moving slot 5461 from 127.0.0.1:7002 to localhost:7001: \nMoving slot 5463 from 127.0.0.1:7002 to localhost:7001: \n",
    );
    expect(wholeText(reshardWords(moved, cluster, VALKEY_MOVES))).toBe(
      "Moving slot 5461 from 127.0.0.1:7002 to localhost:7001\n#Moving slot 5463 from 127.0.0.1:7002 to localhost:7001\n#",
    );
    const one = move("b", "a", "5461");
    expect(wholeText(reshardWords(one, cluster, REDIS_MOVES), 3)).toMatch(/ to localhost:7001: \.\.\.\n$/);
    expect(wholeText(reshardWords(one, cluster, VALKEY_MOVES), 3)).toMatch(/ to localhost:7001\.\.\.\n#$/);
  });

  test("refusals have the colour of an error", () => {
    expect(notAPrimaryText("abc", REDIS)).toBe(
      "*** The specified node (abc) is not known or not a master, please retry.\n",
    );
    expect(notAPrimaryText("", VALKEY)).toContain("node () is not known or not a primary, please retry.");
    expect(targetAsSourceText(COLOURED)).toBe(
      "\u001b[31;1m*** It is not possible to use the target node as source node.\n\u001b[0m",
    );
    expect(sourceQuestion(2)).toBe("Source node #2: ");
  });
});

describe("rebalance", () => {
  test("A.4 the head, the balances and the moves", () => {
    const balances = [
      { id: a.id, slots: 5470, share: 5461 },
      { id: b.id, slots: 5458, share: 5461 },
      { id: c.id, slots: 5456, share: 5462 },
    ] as NodeBalance[];
    expect(rebalancingText(3, 3, REDIS)).toBe(">>> Rebalancing across 3 nodes. Total weight = 3.00\n");
    expect(rebalancingText(2, 1.505, COLOURED)).toMatch(/^\u001b\[29;1m>>> .* = 1\.50\n\u001b\[0m$/);
    expect(balancesText(balances, cluster, REDIS_MOVES)).toBe(
      "127.0.0.1:7003 balance is -6 slots\n127.0.0.1:7002 balance is -3 slots\nlocalhost:7001 balance is 9 slots\n",
    );
    for (const style of [REDIS_MOVES, VALKEY_MOVES]) {
      expect(wholeText(rebalanceWords(move("a", "c", "0-5"), cluster, style))).toBe(
        "Moving 6 slots from localhost:7001 to 127.0.0.1:7003\n######\n",
      );
    }
  });

  test("equal balances keep the order of the listing", () => {
    const even = clusterOf({ a: [0, 8191], b: [8192, 16_383], c: [], d: [] });
    const balances = ["d", "a", "c", "b"].map((name) => ({ id: idOf(name), slots: 1, share: 1 })) as NodeBalance[];
    const ports = [...balancesText(balances, even, REDIS_MOVES).matchAll(/:(\d+) balance is 0/g)].map(([, p]) => p);
    expect(ports).toEqual(["7001", "7002", "7003", "7004"]);
  });

  test("what ends it early", () => {
    expect(noRebalancingText(2, REDIS)).toBe("*** No rebalancing needed! All nodes are within the 2.00% threshold.\n");
    expect(noRebalancingText(0.5, COLOURED)).toMatch(/^\u001b\[33;1m\*\*\* .* 0\.50% threshold\.\n\u001b\[0m$/);
    expect(noSuchPrimaryText("abc", REDIS)).toBe("*** No such master node abc\n");
    expect(noSuchPrimaryText("abc", VALKEY)).toBe("*** No such primary node abc\n");
    expect(ambiguousPrimaryText("6", [a, b], REDIS)).toBe(
      `*** More than one node ID begins with 6: ${a.id}, ${b.id}\n`,
    );
    expect(fixBeforeRebalancingText(COLOURED)).toMatch(/^\u001b\[31;1m\*\*\* Please fix .* before rebalancing\n/);
  });
});

describe("telling of moves that go on side by side", () => {
  const words = [move("b", "a", "5461-5463"), move("c", "a", "10923-10924")].map((each) =>
    rebalanceWords(each, cluster, REDIS_MOVES),
  );
  const [first, second] = words.map(({ head }) => head) as [string, string];

  function tellingOf(moves: readonly MoveWords[]) {
    let text = "";
    const teller = movesTeller(moves, (more) => {
      text += more;
    });
    const progress = (index: number, slots: string, keysOf: Readonly<Record<number, number>> = {}) =>
      teller.event({ type: "move-progress", index, slots, keysOf, slotsDone: 0, slotsTotal: 3 });
    const done = (index: number) => teller.event({ type: "step-done", index, changed: true } as RunEvent);
    return { progress, done, end: teller.end, text: () => text };
  }

  test("each is told when it is its turn, as far as it has come", () => {
    const { progress, done, end, text } = tellingOf(words);
    progress(0, "");
    progress(1, "10924");
    expect(text()).toBe("");
    progress(0, "5461-5462");
    progress(0, "5461-5462");
    expect(text()).toBe(`${first}##`);
    done(0);
    expect(text()).toBe(`${first}###\n${second}#`);
    done(1);
    end();
    expect(text()).toBe(`${first}###\n${second}##\n`);
  });

  test("after a failure the rest that arrived is told, and the line is ended", () => {
    const { progress, done, end, text } = tellingOf(words);
    progress(0, "5462");
    done(1);
    expect(text()).toBe(`${first}#`);
    end();
    expect(text()).toBe(`${first}#\n${second}##\n`);
  });

  test("nothing is told of a move that never began", () => {
    const { progress, end, text } = tellingOf(words);
    progress(1, "10923-10924");
    end();
    expect(text()).toBe(`${second}##\n`);
  });

  test("after a failure those slots are named that arrived, in the order of the plan", () => {
    const { progress, end, text } = tellingOf([
      reshardWords(move("b", "a", "5461-5463"), cluster, REDIS_MOVES),
      reshardWords(move("c", "a", "7-9"), cluster, REDIS_MOVES),
    ]);
    progress(0, "5463");
    progress(1, "9");
    progress(1, "7");
    progress(0, "5461");
    end();
    expect([...text().matchAll(/slot (\d+)/g)].map(([, slot]) => Number(slot))).toEqual([5461, 5463, 7, 9]);
  });

  test("17.6.93 a slot has a dot for each key that it brought, however often it is told of", () => {
    const { progress, done, end, text } = tellingOf([reshardWords(move("b", "a", "5461-5463"), cluster, REDIS_MOVES)]);
    progress(0, "5462", { 5462: 3 });
    expect(text()).toBe("");
    progress(0, "5461-5462", { 5461: 1 });
    expect(text()).toContain("slot 5462");
    done(0);
    end();
    expect([...text().matchAll(/slot (\d+) .*: (\.*)\n/g)].map(([, slot, dots]) => [slot, dots])).toEqual([
      ["5461", "."],
      ["5462", "..."],
      ["5463", ""],
    ]);
  });

  test("the last # of valkey-cli 9.1 gets its newline", () => {
    const { done, end, text } = tellingOf([reshardWords(move("b", "a", "7"), cluster, VALKEY_MOVES)]);
    done(0);
    end();
    expect(text()).toMatch(/^Moving slot 7 from .*\n#\n$/);
  });
});
