import { expect, test } from "vitest";
import { chunksOf, lastOf } from "../../../src/execute/move/chunks.ts";

const isOpen =
  (...open: readonly number[]) =>
  (slot: number) =>
    open.includes(slot);

const keysOf = (...counts: readonly (readonly [slot: number, keys: number])[]) => new Map(counts);

test("empty slots go first and together, those with keys a few thousand keys at a time", () => {
  const chunks = chunksOf([0, 1, 2, 3, 4], keysOf([1, 3000], [2, 2000], [4, 10]));
  expect(chunks).toEqual([[0, 3], [1], [2, 4]].map((chunk) => expect.arrayContaining(chunk)));
  expect(chunks.map(({ length }) => length)).toEqual([2, 1, 2]);
});

test("where one comes last by itself, it is the slot with the fewest keys", () => {
  expect(lastOf([1, 2, 3, 4], keysOf([1, 7], [2, 2], [3, 9], [4, 3]), isOpen())).toBe(2);
});

test("but not the highest: redis-cli may have left a mark on it", () => {
  expect(lastOf([1, 2, 3], keysOf([1, 7], [2, 5], [3, 1]), isOpen())).toBe(2);
  expect(lastOf([1, 2, 3], keysOf(), isOpen())).toBe(1);
  expect(lastOf([3], keysOf(), isOpen())).toBe(3);
});

test("nor one that is open already: it would stay so for the whole move", () => {
  expect(lastOf([1, 2, 3, 4], keysOf([1, 7], [2, 2], [3, 9], [4, 1]), isOpen(2))).toBe(1);
  expect(lastOf([1, 2], keysOf([1, 7]), isOpen(1))).toBe(2);
  expect(lastOf([1, 2], keysOf([1, 7]), isOpen(1, 2))).toBe(1);
});

test("every slot is in exactly one chunk", () => {
  const slots = Array.from({ length: 1000 }, (_, slot) => slot);
  const keys = new Map(slots.map((slot) => [slot, slot % 3 === 0 ? 0 : slot % 97]));
  expect(
    chunksOf(slots, keys)
      .flat()
      .sort((a, b) => a - b),
  ).toEqual(slots);
});
