import { describe, expect, test } from "vitest";
import { reshardInterview } from "../../../src/wizard/reshard.ts";
import { clusterOf, nodeNamed } from "../../helpers/cluster-builder.ts";
import { type FakeAnswer, type FakePrompt, fakePrompt } from "../../helpers/fake-prompt.ts";

const CLUSTER = clusterOf(
  { a: [0, 8191], b: [8192, 16_383], c: [] },
  { replicas: { a1: "a" }, nodes: { a: { keys: 1200, zone: "x" } } },
);
const [A, B, C] = ["127.0.0.1:7001", "127.0.0.1:7002", "127.0.0.1:7003"] as const;

type Answers = Record<string, FakeAnswer>;

async function asked(answers: Answers, typed: Record<string, string> = {}) {
  const interview = reshardInterview(CLUSTER, new Map(Object.entries(typed)));
  const prompt = fakePrompt(answers);
  await interview.ask(prompt);
  return { interview, prompt, options: interview.words().options.join(" ") };
}

describe("the questions of reshard", () => {
  test("all sources, a number of slots and the usual pace are the shortest command", async () => {
    const { options, prompt } = await asked({ from: "all", to: C, amount: "a number", slots: "100", pace: "normal" });
    expect(options).toBe(`--to ${C} --slots 100`);
    expect(prompt.asked).toEqual(["from", "to", "amount", "slots", "pace"]);
  });

  test("shards are shown with address, slots, keys, memory, replicas and zone", async () => {
    const { prompt } = await asked({ from: "choose", sources: [A, B], to: C, amount: "until", pace: "normal" });
    expect(prompt.shown.get("sources")).toEqual([
      expect.stringMatching(/^127\.0\.0\.1:7001 8,192 slots 1,200 keys \d.* 1 replica zone x$/),
      expect.stringMatching(/^127\.0\.0\.1:7002 8,192 slots 0 keys \d.* 0 replicas$/),
    ]);
    expect(prompt.shown.get("to")).toEqual([expect.stringMatching(`^${C} 0 slots`)]);
  });

  test.each<[string, Answers, string]>([
    ["its even share of all", { from: "all", to: C, amount: "until" }, `--to ${C} --slots 5461`],
    [
      "its even share of the sources",
      { from: "choose", sources: [A], to: C, amount: "until" },
      `--from ${A} --to ${C} --slots 4096`,
    ],
    [
      "10 %",
      { from: "choose", sources: [B], to: A, amount: "a perc", percent: "10" },
      `--from ${B} --to ${A} --slots 819`,
    ],
    ["named ranges", { from: "all", to: C, amount: "named", ranges: "7-9, 5" }, `--to ${C} --slots 5,7-9`],
    ["one slot by name", { from: "all", to: C, amount: "named", ranges: "7" }, `--to ${C} --slots 7-7`],
  ])("how much: %s", async (_, answers, words) => {
    expect((await asked({ ...answers, pace: "normal" })).options).toBe(words);
  });

  test("until balanced is not offered to who has more than its share", async () => {
    const { prompt } = await asked({ from: "all", to: A, amount: "a number", slots: "1", pace: "normal" });
    expect(prompt.shown.get("amount")![0]).toBe("a number of slots");
  });

  test.each<[string, Answers, string]>([
    ["gentle", { pace: "gentle" }, "--concurrency 1 --max-block 5ms --rate 1000"],
    ["fast", { pace: "fast" }, "--concurrency 16 --max-block 50ms --pipeline 1000"],
    [
      "own numbers",
      { pace: "own", rate: "500", "max-block": "20", concurrency: "2" },
      "--rate 500 --max-block 20ms --concurrency 2",
    ],
    ["no rate", { pace: "own", rate: "0", "max-block": "1", concurrency: "1" }, "--max-block 1ms --concurrency 1"],
  ])("how gently: %s", async (_, answers, words) => {
    const { options } = await asked({ from: "all", to: C, amount: "a number", slots: "1", ...answers });
    expect(options).toBe(`--to ${C} --slots 1 ${words}`);
  });

  test.each<[string, Answers]>([
    ["more slots than the sources own", { from: "choose", sources: [A], to: B, amount: "a number", slots: "8193" }],
    ["no slots", { from: "all", to: C, amount: "a number", slots: "0" }],
    ["101 %", { from: "all", to: C, amount: "a perc", percent: "101" }],
    ["slots of others", { from: "choose", sources: [A], to: C, amount: "named", ranges: "9000" }],
    ["what the target owns already", { from: "all", to: A, amount: "named", ranges: "0-9" }],
    ["no ranges", { from: "all", to: C, amount: "named", ranges: "9-5" }],
  ])("%s are refused at once", async (_, answers) => {
    await expect(asked({ pace: "normal", ...answers })).rejects.toThrow(/does not take this answer|has no choice/);
  });

  test("somebody is left to take the slots", async () => {
    const full = reshardInterview(clusterOf({ a: [0, 8191], b: [8192, 16_383] }), new Map());
    await expect(full.ask(fakePrompt({ from: "choose", sources: [A, B] }))).rejects.toThrow(/Leave one out/);
    expect(() => reshardInterview(clusterOf({ a: [0, 16_383] }), new Map())).toThrow(/single primary/);
  });

  test("what was typed is not asked, and stands in the command as an answer", async () => {
    const typed = { to: "127.0.0.1:7003", rate: "5000", concurrency: "2" };
    const { options, prompt, interview } = await asked({ from: "all", amount: "a number", slots: "10" }, typed);
    expect(prompt.asked).toEqual(["from", "amount", "slots"]);
    expect(options).toBe(`--to ${C} --slots 10 --concurrency 2 --rate 5000`);
    expect(interview.options).toEqual(expect.arrayContaining(["from", "to", "slots", "rate"]));
    expect(() => reshardInterview(CLUSTER, new Map([["to", "nobody"]]))).toThrow(/names no node/);
  });
});

describe("another answer", () => {
  async function changed(first: Answers, next: Answers): Promise<{ options: string; prompt: FakePrompt }> {
    const { interview } = await asked(first);
    const prompt = fakePrompt(next);
    await interview.change(prompt);
    return { options: interview.words().options.join(" "), prompt };
  }

  const FIRST: Answers = { from: "choose", sources: [A], to: C, amount: "a number", slots: "100", pace: "normal" };

  test("is asked for alone where nothing hangs on it", async () => {
    const { options, prompt } = await changed(FIRST, { change: "How gently", pace: "gentle" });
    expect(prompt.shown.get("change")).toEqual([
      `Where from ${A}`,
      `Where to ${C}`,
      "How much 100 slots",
      "How gently normal",
    ]);
    expect(prompt.asked).toEqual(["change", "pace"]);
    expect(options).toBe(`--from ${A} --to ${C} --slots 100 --concurrency 1 --max-block 5ms --rate 1000`);
  });

  test("brings back the questions whose answers it made impossible", async () => {
    const first = { ...FIRST, to: B };
    const next = { change: "Where from", from: "choose", sources: [B], to: A, amount: "a number", slots: "5" };
    const { options, prompt } = await changed(first, next);
    expect(prompt.asked).toEqual(["change", "from", "sources", "to", "amount", "slots"]);
    expect(options).toBe(`--from ${B} --to ${A} --slots 5`);
  });

  test("has slots counted anew for other sources, and leaves what still fits", async () => {
    const { options, prompt } = await changed(FIRST, { change: "Where from", from: "all", amount: "until" });
    expect(prompt.asked).toEqual(["change", "from", "amount"]);
    expect(options).toBe(`--to ${C} --slots 5461`);
  });
});

test("a node whose address fits another one as well is named by its id", async () => {
  const twins = clusterOf({ a: [0, 8191], b: [8192, 16_383] }, { nodes: { b: { port: 7001 } } });
  const interview = reshardInterview(twins, new Map());
  await interview.ask(fakePrompt({ from: "all", to: "b", amount: "a number", slots: "1", pace: "normal" }));
  expect(interview.words().options.slice(0, 2)).toEqual(["--to", nodeNamed(twins, "b").id]);
});
