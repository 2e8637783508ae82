import { expect, test } from "vitest";
import { Incoming } from "../../../src/execute/move/incoming.ts";
import type { NodeId } from "../../../src/model/cluster.ts";

const TARGET = "b".repeat(40) as NodeId;
const OTHER = "c".repeat(40) as NodeId;

/** As long as promises take that wait for nothing. */
async function isDoneAtOnce(work: Promise<void>): Promise<boolean> {
  const aMoment = new Promise<boolean>((resolve) => setImmediate(resolve, false));
  return Promise.race([work.then(() => true), aMoment]);
}

test("of the moves to a node only the one that ends last waits until all is quiet", async () => {
  const incoming = new Incoming();
  using first = incoming.enter(TARGET);
  using second = incoming.enter(TARGET);
  first.told();
  expect(await isDoneAtOnce(first.quiet())).toBe(true);
  const told = performance.now();
  second.told();
  const quiet = second.quiet();
  expect(await isDoneAtOnce(quiet)).toBe(false);
  await quiet;
  // Packets may be under way for 40 ms.
  expect(performance.now() - told).toBeGreaterThan(45);
});

test("who ends last waits for the claim of those that end just now, and for what that one has set off", async () => {
  const incoming = new Incoming();
  using first = incoming.enter(TARGET);
  using last = incoming.enter(TARGET);
  await first.quiet();
  const quiet = last.quiet();
  expect(await isDoneAtOnce(quiet)).toBe(false);
  await new Promise((resolve) => setTimeout(resolve, 20));
  const told = performance.now();
  first.told();
  await quiet;
  expect(performance.now() - told).toBeGreaterThan(45);
});

test("a move that has failed is not waited for by the others, and other nodes are another matter", async () => {
  const incoming = new Incoming();
  using last = incoming.enter(TARGET);
  using other = incoming.enter(OTHER);
  incoming.enter(TARGET)[Symbol.dispose]();
  last.told();
  expect(await isDoneAtOnce(last.quiet())).toBe(false);
  expect(await isDoneAtOnce(other.quiet())).toBe(true);
});

test("where nothing was told there is nothing to wait for", async () => {
  using alone = new Incoming().enter(TARGET);
  expect(await isDoneAtOnce(alone.quiet())).toBe(true);
});
