import { expect, test } from "vitest";
import { formatState, parseState, type SandboxState } from "../../../src/sandbox/state.ts";

const STATE: SandboxState = {
  engine: { name: "valkey", version: "9.1.2" },
  host: "127.0.0.1",
  created: "2025-01-02T03:04:05.678Z",
  ownsDirectory: true,
  nodes: [
    { port: 7000, pid: 4711, startedAt: 123_456 },
    { port: 7001, pid: 4712, startedAt: undefined },
  ],
};

test("what is written is read again", () => {
  expect(parseState(formatState(STATE), "sandbox.json")).toEqual(STATE);
});

test("it carries the version of its form", () => {
  expect(JSON.parse(formatState(STATE))).toMatchObject({ schemaVersion: 1, nodes: [{}, { startedAt: null }] });
});

function changed(fields: object): string {
  return JSON.stringify({ ...JSON.parse(formatState(STATE)), ...fields });
}

test.each([
  ["no JSON", "{"],
  ["no object", "[]"],
  ["another version", changed({ schemaVersion: 2 })],
  ["an unknown engine", changed({ engine: { name: "memcached", version: "1" } })],
  ["nodes that are no list", changed({ nodes: 3 })],
  ["a process group instead of a pid", changed({ nodes: [{ port: 7000, pid: -4711, startedAt: 1 }] })],
  ["our own process group", changed({ nodes: [{ port: 7000, pid: 0, startedAt: 1 }] })],
  ["the first process", changed({ nodes: [{ port: 7000, pid: 1, startedAt: 1 }] })],
  ["a path instead of a port", changed({ nodes: [{ port: "../..", pid: 4711, startedAt: 1 }] })],
  ["no start time at all", changed({ nodes: [{ port: 7000, pid: 4711 }] })],
])("a file with %s is refused", (_, text) => {
  expect(() => parseState(text, "/srv/sandbox.json")).toThrow(
    expect.objectContaining({
      code: "SANDBOX_STATE_UNREADABLE",
      message: expect.stringContaining("/srv/sandbox.json"),
      hint: expect.any(String),
    }),
  );
});
