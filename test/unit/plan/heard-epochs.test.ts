import { expect, test } from "vitest";
import type { View } from "../../../src/model/cluster.ts";
import { parseNodes } from "../../../src/model/parse-nodes.ts";
import { hasHeard, ownEpochs } from "../../../src/plan/heard-epochs.ts";
import { idOf } from "../../helpers/cluster-builder.ts";

/** What `viewer` knows of the config epochs of all. */
function viewOf(viewer: string, epochs: Readonly<Record<string, number>>): View {
  const lines = Object.entries(epochs).map(
    ([name, epoch], i) =>
      `${idOf(name)} 127.0.0.1:${7000 + i}@${17_000 + i} ${name === viewer ? "myself," : ""}master - 0 0 ${epoch} connected`,
  );
  return parseNodes(lines.join("\n"));
}

test.each([
  ["all of them", { a: 5, b: 2 }, true],
  ["a lower one", { a: 4, b: 2 }, false],
  // It has heard of one that was raised after a was asked.
  ["a higher one", { a: 6, b: 2 }, true],
  ["nothing of that node", { b: 2 }, true],
])("who knows %s", (_, known, expected) => {
  const epochs = ownEpochs([viewOf("a", { a: 5, b: 1 })]);
  expect(hasHeard(viewOf("b", known), epochs)).toBe(expected);
});
