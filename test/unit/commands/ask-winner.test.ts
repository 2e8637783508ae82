import { expect, test } from "vitest";
import { winnerAsker } from "../../../src/commands/ask-winner.ts";
import type { NodeId } from "../../../src/model/cluster.ts";
import type { View } from "../../../src/view/view.ts";

const rival = (port: number) => ({
  node: { id: "a".repeat(40) as NodeId, address: { host: "127.0.0.1", port } },
  bytes: 20,
  expiresAt: 0,
  idleSeconds: 7,
});

test("the owner's value counts unless somebody says that the other does", async () => {
  const asked: string[] = [];
  const notes: string[] = [];
  const answers = [false, true];
  const ask = winnerAsker({
    confirm: async (question) => {
      asked.push(question);
      return answers.shift()!;
    },
    view: { note: (text: string) => notes.push(text) } as unknown as View,
  });
  const conflict = { key: Buffer.from("k1"), slot: 5, database: 0 };
  const both = [ask(conflict, rival(7001), rival(7002)), ask(conflict, rival(7001), rival(7002))];
  expect(await Promise.all(both)).toEqual([true, false]);
  expect(asked).toHaveLength(2);
  expect(notes.slice(0, 3)).toEqual([
    'slot 5: "k1" has two values',
    "  the owner's, on 127.0.0.1:7001: 20 B, never expires, last used 7 s ago",
    "  the other, on 127.0.0.1:7002: 20 B, never expires, last used 7 s ago",
  ]);
});
