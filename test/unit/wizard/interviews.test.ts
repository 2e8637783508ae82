import { describe, expect, test } from "vitest";
import { addNodeInterview } from "../../../src/wizard/add-node.ts";
import { createInterview } from "../../../src/wizard/create.ts";
import { delNodeInterview } from "../../../src/wizard/del-node.ts";
import { fixInterview } from "../../../src/wizard/fix.ts";
import type { Interview } from "../../../src/wizard/interview.ts";
import { rebalanceInterview } from "../../../src/wizard/rebalance.ts";
import { clusterOf } from "../../helpers/cluster-builder.ts";
import { type FakeAnswer, fakePrompt } from "../../helpers/fake-prompt.ts";

const CLUSTER = clusterOf({ a: [0, 8191], b: [8192, 16_383], c: [] }, { replicas: { a1: "a" } });
const [A, B, C, A1] = ["127.0.0.1:7001", "127.0.0.1:7002", "127.0.0.1:7003", "127.0.0.1:7004"] as const;

type Answers = Record<string, FakeAnswer>;

async function wordsAfter(interview: Interview, answers: Answers): Promise<string> {
  await interview.ask(fakePrompt(answers));
  const { positional, options } = interview.words();
  return [...positional, ...options].join(" ");
}

describe("the questions of rebalance", () => {
  const PLAIN: Answers = { by: "the number of slots", empty: "leave", drain: "no", pace: "normal" };
  test.each<[string, Answers, string]>([
    ["nothing special", {}, ""],
    ["by memory, with empty ones", { by: "the memory", empty: "give" }, "--by memory --use-empty-primaries"],
    ["emptying one", { drain: "choose", drained: [B] }, `--weight ${B}=0`],
    ["fast", { pace: "fast" }, "--concurrency 16 --max-block 50ms --pipeline 1000"],
  ])("%s", async (_, answers, words) => {
    expect(await wordsAfter(rebalanceInterview(CLUSTER, new Map()), { ...PLAIN, ...answers })).toBe(words);
  });

  test("what was typed is not asked, and left to the words that were typed", async () => {
    const typed = new Map([
      ["by", "keys"],
      ["weight", "a=2"],
    ]);
    expect(await wordsAfter(rebalanceInterview(CLUSTER, typed), { empty: "leave", pace: "normal" })).toBe("");
  });

  test("primaries without slots are asked about only where there are some", async () => {
    const full = clusterOf({ a: [0, 8191], b: [8192, 16_383] });
    const { empty: _, ...others } = PLAIN;
    expect(await wordsAfter(rebalanceInterview(full, new Map()), others)).toBe("");
  });

  test("not all can be emptied", async () => {
    const answers = { ...PLAIN, drain: "choose", drained: [A, B] };
    await expect(wordsAfter(rebalanceInterview(CLUSTER, new Map()), answers)).rejects.toThrow(/Leave one out/);
  });
});

describe("the questions of create", () => {
  test.each<[string, Answers, string]>([
    ["blanks and commas", { addresses: "a:1 b:2,c:3", replicas: "0" }, "a:1 b:2 c:3"],
    ["replicas", { addresses: "a:1 b:2 c:3 a:4 b:5 c:6", replicas: "1" }, "a:1 b:2 c:3 a:4 b:5 c:6 --replicas 1"],
  ])("%s", async (_, answers, words) => {
    expect(await wordsAfter(createInterview(new Map()), answers)).toBe(words);
  });

  test.each(["", "nohost", "a:1 b:99999"])("%j are no servers", async (addresses) => {
    await expect(wordsAfter(createInterview(new Map()), { addresses })).rejects.toThrow(/does not take this answer/);
  });
});

describe("the questions of add-node", () => {
  test.each<[string, Answers, string]>([
    ["primaries", { role: "primaries without" }, "n:1 n:2"],
    ["primaries with slots", { role: "primaries with their" }, "n:1 n:2 --rebalance"],
    ["replicas", { role: "replicas where" }, "n:1 n:2 --replica"],
    ["replicas of one", { role: "replicas of one", primary: B }, `n:1 n:2 --replica-of ${B}`],
  ])("%s", async (_, answers, words) => {
    expect(await wordsAfter(addNodeInterview(CLUSTER, new Map()), { addresses: "n:1 n:2", ...answers })).toBe(words);
  });
});

describe("the questions of del-node", () => {
  test.each<[string, Answers, string]>([
    ["a replica", { nodes: [A1], afterwards: "blank" }, A1],
    ["a primary without slots", { nodes: [C], afterwards: "shut" }, `${C} --shutdown`],
    ["a primary with slots", { nodes: [A, A1], slots: "move", afterwards: "left" }, `${A} ${A1} --drain --no-reset`],
  ])("%s", async (_, answers, words) => {
    expect(await wordsAfter(delNodeInterview(CLUSTER, new Map()), answers)).toBe(words);
  });

  test("every node can be chosen, replicas with their primary, but not all of them", async () => {
    const prompt = fakePrompt({ nodes: [A, B, C, A1] });
    await expect(delNodeInterview(CLUSTER, new Map()).ask(prompt)).rejects.toThrow(/Somebody has to stay/);
    expect(prompt.shown.get("nodes")!.map((line) => line.split(" ").slice(0, 4).join(" "))).toEqual([
      `${A} primary 8,192 slots`,
      `${A1} replica of ${A}`,
      `${B} primary 8,192 slots`,
      `${C} primary 0 slots`,
    ]);
  });

  test("other nodes are asked about their own slots", async () => {
    const interview = delNodeInterview(CLUSTER, new Map());
    await interview.ask(fakePrompt({ nodes: [A], slots: "move", afterwards: "blank" }));
    await interview.change(fakePrompt({ change: "Who leaves", nodes: [A1] }));
    expect(interview.words()).toEqual({ positional: [A1], options: [] });
  });
});

describe("the questions of fix", () => {
  const OPEN = { openSlots: [{ slot: 100, state: "migrating", peer: "b" }] } as const;
  const BROKEN = clusterOf({ a: [0, 199, 201, 8191], b: [8192, 16_383] }, { nodes: { a: OPEN } });

  test.each<[string, Answers, string]>([
    ["all of it as it comes", { only: "everything", direction: "on, or", conflict: "leave", pace: "normal" }, ""],
    [
      "one kind, back",
      { only: "choose", problems: ["moves that were"], direction: "back", conflict: "leave", pace: "normal" },
      "--only open-slots --direction back",
    ],
    [
      "forward, gently, the newest value",
      { only: "everything", direction: "on to", conflict: "the value used last", pace: "gentle" },
      "--direction forward --on-conflict newest --concurrency 1 --max-block 5ms --rate 1000",
    ],
  ])("%s", async (_, answers, words) => {
    expect(await wordsAfter(fixInterview(BROKEN, new Map()), answers)).toBe(words);
  });

  test("what is broken is named, with each case of it", async () => {
    const prompt = fakePrompt({
      only: "choose",
      problems: ["slots without"],
      direction: "on",
      conflict: "leave",
      pace: "normal",
    });
    await fixInterview(BROKEN, new Map()).ask(prompt);
    expect(prompt.shown.get("problems")).toEqual(["slots without an owner", "moves that were cut short"]);
  });

  test("nothing is asked where nothing is broken, and only of what is", async () => {
    expect(await wordsAfter(fixInterview(clusterOf({ a: [0, 16_383] }), new Map()), {})).toBe("");
    const uncovered = clusterOf({ a: [0, 8191], b: [8193, 16_383] });
    expect(await wordsAfter(fixInterview(uncovered, new Map()), {})).toBe("");
  });

  test("a primary that is missing may be given up", async () => {
    const missing = clusterOf(
      { a: [0, 8191], b: [8192, 16_383] },
      { nodes: { b: { unreachable: true, health: "failing" } } },
    );
    expect(await wordsAfter(fixInterview(missing, new Map()), { unreachable: "give them" })).toBe(
      "--with-unreachable-primaries",
    );
  });
});
