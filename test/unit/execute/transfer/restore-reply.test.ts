import { expect, test } from "vitest";
import { BatchSize } from "../../../../src/execute/transfer/batch-size.ts";
import { expireTogether } from "../../../../src/execute/transfer/entry.ts";
import { placeOf, verdictOf } from "../../../../src/execute/transfer/restore-reply.ts";
import { ServerError } from "../../../../src/node/node.ts";

test.each([
  ["BUSYKEY Target key name already exists.", { kind: "exists" }],
  ["MOVED 3999 10.0.0.1:6381", { kind: "moved", slot: 3999, host: "10.0.0.1", port: 6381 }],
  ["ASK 7 ::1:7000", { kind: "ask", slot: 7, host: "::1", port: 7000 }],
  ["MOVED 7 :7000", { kind: "moved", host: undefined }],
  ["MOVED 7 ?:7000", { kind: "moved", host: undefined }],
  ["MOVED nonsense", { kind: "stop" }],
  ["CLUSTERDOWN Hash slot not served", { kind: "wait" }],
  ["BUSY Redis is busy running a script", { kind: "wait" }],
  ["ERR DUMP payload version or checksum are wrong", { kind: "refused" }],
  ["ERR Bad data format", { kind: "refused" }],
  ["OOM command not allowed", { kind: "stop" }],
])("%s", (text, verdict) => {
  expect(verdictOf(new ServerError(text))).toMatchObject(verdict);
});

test("without a host it is the one that answered", () => {
  const answered = { host: "10.0.0.9", port: 1 };
  expect(placeOf({ host: undefined, port: 7000 }, answered)).toEqual({ host: "10.0.0.9", port: 7000 });
});

test("batches shrink at once when values are large, and grow by steps", () => {
  const size = new BatchSize();
  size.learn(100, 100 * 50);
  expect(size.keys).toBe(100);
  size.learn(200, 200 * 1_000_000);
  expect(size.keys).toBe(1);
  size.learn(1, 10);
  expect(size.keys).toBe(2);
  size.learn(0, 0);
  expect(size.keys).toBe(2);
});

test.each([
  [false, 1000],
  [true, 200],
])("of small keys that are watched (%s) at most %i make a batch", (watched, most) => {
  const size = new BatchSize(watched);
  for (let i = 0; i < 20; i++) size.learn(size.keys, size.keys * 10);
  expect(size.keys).toBe(most);
});

test("a key that expires is not the same as one that does not", () => {
  expect(expireTogether(undefined, undefined)).toBe(true);
  expect(expireTogether(1000, undefined)).toBe(false);
  expect(expireTogether(1000, 1500)).toBe(true);
  expect(expireTogether(1000, 9000)).toBe(false);
});
