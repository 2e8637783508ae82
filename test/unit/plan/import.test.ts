import { describe, expect, test } from "vitest";
import { type ImportSource, type ImportTarget, planImport } from "../../../src/plan/import.ts";

const source: ImportSource = {
  address: { host: "10.0.0.9", port: 6379 },
  kind: "standalone",
  engine: "redis",
  version: "7.0.15",
  servers: [{ host: "10.0.0.9", port: 6379 }],
  keysByDatabase: new Map([
    [3, 30],
    [0, 10],
  ]),
  rdbVersion: 10,
  nodeIds: [],
};
const target: ImportTarget = {
  address: { host: "10.0.0.1", port: 7000 },
  id: "a",
  engine: "valkey",
  version: "9.1.0",
  missingDatabases: [],
  refusal: undefined,
  readsFormat: true,
};
const request = { database: 0, move: false, existing: "keep", match: undefined } as const;

describe("planning an import", () => {
  test.each([
    [0, [{ from: 0, to: 0, keys: 10 }], [{ database: 3, keys: 30 }]],
    [3, [{ from: 3, to: 0, keys: 30 }], [{ database: 0, keys: 10 }]],
    [7, [], [{ database: 3, keys: 30 }, { database: 0, keys: 10 }]], // biome-ignore format: a table
    ["all", [{ from: 0, to: 0, keys: 10 }, { from: 3, to: 3, keys: 30 }], []], // biome-ignore format: a table
  ] as const)("database %s", (database, databases, left) => {
    expect(planImport(source, [target], { ...request, database })).toMatchObject({
      kind: "planned",
      plan: { databases, left, primaries: 1 },
    });
  });

  test("one database that holds keys needs no other at the target", () => {
    const only = { ...source, keysByDatabase: new Map([[3, 30]]) };
    const poor = { ...target, missingDatabases: [3] };
    expect(planImport(only, [poor], { ...request, database: "all" })).toMatchObject({
      plan: { databases: [{ from: 3, to: 0 }] },
    });
  });

  test.each([
    ["several-databases", {}, { missingDatabases: [3] }, { database: "all" }],
    ["format", {}, { readsFormat: false }, {}],
    ["refused", {}, { refusal: "NOPERM" }, {}],
    ["move-from-replica", { kind: "replica" }, {}, { move: true }],
    ["same-cluster", { nodeIds: ["a"] }, {}, {}],
  ] as const)("%s is refused", (kind, ofSource, ofTarget, ofRequest) => {
    const outcome = planImport({ ...source, ...ofSource }, [{ ...target, ...ofTarget }], { ...request, ...ofRequest });
    expect(outcome).toMatchObject({ kind: "refused", problems: [{ kind }] });
  });
});
