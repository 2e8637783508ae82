import { expect, test } from "vitest";
import { withTrailingWork } from "../../../src/execute/move/trailing-work.ts";

/** A piece of work that ends when it is told to. */
function newPiece() {
  let end!: () => void;
  let fail!: (why: Error) => void;
  const work = new Promise<void>((resolve, reject) => {
    end = resolve;
    fail = reject;
  });
  return { work, end, fail };
}

/** As long as promises take that wait for nothing. */
function aMoment(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test("the next piece begins while the one before goes on, and the end waits for all", async () => {
  const pieces = [newPiece(), newPiece()];
  let begun = 0;
  let isOver = false;
  const all = withTrailingWork(async (trailing) => {
    for (const { work } of pieces) {
      await trailing.add(work);
      begun++;
    }
  }).then(() => {
    isOver = true;
  });
  await aMoment();
  expect(begun).toBe(2);
  pieces[0]!.end();
  await aMoment();
  expect(isOver).toBe(false);
  pieces[1]!.end();
  await all;
});

test("no more than four are left behind", async () => {
  const pieces = Array.from({ length: 6 }, newPiece);
  let begun = 0;
  const all = withTrailingWork(async (trailing) => {
    for (const { work } of pieces) {
      begun++;
      await trailing.add(work);
    }
  });
  await aMoment();
  expect(begun).toBe(5);
  for (const { end } of pieces) end();
  await all;
  expect(begun).toBe(6);
});

test("a failure of what was left behind is thrown when all others have come to their end", async () => {
  const [bad, good] = [newPiece(), newPiece()];
  let outcome: unknown;
  const all = withTrailingWork(async (trailing) => {
    await trailing.add(bad.work);
    await trailing.add(good.work);
    throw new Error("later");
  }).catch((error: unknown) => {
    outcome = error;
  });
  bad.fail(new Error("refused"));
  await aMoment();
  expect(outcome).toBeUndefined();
  good.end();
  await all;
  expect(outcome).toEqual(new Error("refused"));
});

test("a failure is known before anything new is begun", async () => {
  const piece = newPiece();
  let begun = 0;
  const all = withTrailingWork(async (trailing) => {
    await trailing.add(piece.work);
    trailing.throwIfFailed();
    begun++;
    piece.fail(new Error("refused"));
    await aMoment();
    trailing.throwIfFailed();
    begun++;
  });
  await expect(all).rejects.toThrow("refused");
  expect(begun).toBe(1);
});

test("when nothing failed behind, a failure of the work itself is thrown, after what it left behind", async () => {
  const piece = newPiece();
  const all = withTrailingWork(async (trailing) => {
    await trailing.add(piece.work);
    throw new Error("stopped");
  });
  piece.end();
  await expect(all).rejects.toThrow("stopped");
});
