import { describe, expect, test } from "vitest";
import { type Manifest, missingSlots, parseManifest, UnreadableManifest } from "../../../src/model/manifest.ts";
import { parseNodesFile } from "../../../src/model/redis-cli-backup.ts";

const SHARD = {
  file: "redis-node-127.0.0.1-7000-abc.rdb",
  bytes: 100,
  sha256: "0".repeat(64),
  slots: "0-5460",
  primary: { id: "abc", address: "127.0.0.1:7000" },
  configEpoch: 1,
  source: { id: "abc", address: "127.0.0.1:7000", role: "primary" },
  engine: "redis",
  version: "7.0.15",
  rdbVersion: 10,
  keys: { "0": 12 },
} as const;

const MANIFEST: Manifest = {
  schemaVersion: 1,
  slotctl: "0.1.0",
  created: "2026-11-23T09:10:34.801Z",
  currentEpoch: 3,
  partial: false,
  shards: [SHARD],
  functions: ["lib"],
  acl: { file: "users.acl", bytes: 10, sha256: "a".repeat(64) },
};

describe("a manifest", () => {
  test("is read back as it was written", () => {
    expect(parseManifest(JSON.stringify(MANIFEST))).toEqual(MANIFEST);
    expect(missingSlots(MANIFEST)).toEqual([{ start: 5461, end: 16_383 }]);
  });

  test.each([
    ["nothing", ""],
    ["half of it", JSON.stringify(MANIFEST).slice(0, 100)],
    ["a list", "[]"],
    ["null", "null"],
    ["another version", JSON.stringify({ ...MANIFEST, schemaVersion: 2 })],
    ["no shards", JSON.stringify({ ...MANIFEST, shards: undefined })],
    ["a shard that is none", JSON.stringify({ ...MANIFEST, shards: [null] })],
    ["one file twice", JSON.stringify({ ...MANIFEST, shards: [SHARD, SHARD] })],
    ["a date that is none", JSON.stringify({ ...MANIFEST, created: "yesterday" })],
  ])("is refused: %s", (_, text) => {
    expect(() => parseManifest(text)).toThrow(UnreadableManifest);
  });

  test.each([
    { file: "../../etc/passwd" },
    { file: "/etc/passwd" },
    { file: "a\\b" },
    { file: ".." },
    { file: "" },
    { file: "a\0.rdb" },
    { bytes: -1 },
    { bytes: 1.5 },
    { bytes: "100" },
    { bytes: 1e300 },
    { sha256: "zz" },
    { slots: "0-99999" },
    { slots: 5 },
    { keys: { __proto__x: 1 } },
    { keys: { "0": -1 } },
    { engine: "mysql" },
    { version: "7\u001b[31m" },
    { primary: "abc" },
    { source: { id: "a", address: "b", role: "king" } },
  ])("is refused with a shard of %j", (wrong) => {
    const text = JSON.stringify({ ...MANIFEST, shards: [{ ...SHARD, ...wrong }] });
    expect(() => parseManifest(text)).toThrow(UnreadableManifest);
  });
});

describe("nodes.json", () => {
  const node = { name: "abc", host: "h", port: 7000, replicate: null, slots: [[0, 5460], [7000]] };

  test("gives the primaries, and the names that their files may have", () => {
    const replica = { ...node, name: "def", replicate: "abc", slots: [] };
    expect(parseNodesFile(JSON.stringify([node, replica]))).toEqual([
      {
        id: "abc",
        address: "h:7000",
        slots: [
          { start: 0, end: 5460 },
          { start: 7000, end: 7000 },
        ],
        files: ["redis-node-h-7000-abc.rdb", "valkey-node-h-7000-abc.rdb"],
      },
    ]);
  });

  test.each(["", "{}", "[{]"])("%j is none", (text) => {
    expect(parseNodesFile(text)).toBeUndefined();
  });

  test.each([
    { slots: [[5, 4]] },
    { slots: [[0, 16_384]] },
    { slots: [["0", "1"]] },
    { slots: "0-5" },
    { port: "7000" },
    { name: "../x" },
    { name: 7 },
  ])("a primary with %j is none", (wrong) => {
    expect(parseNodesFile(JSON.stringify([{ ...node, ...wrong }]))).toBeUndefined();
  });
});
