import fc from "fast-check";
import { expect, test } from "vitest";
import { commandBytes } from "../../../src/node/command-bytes.ts";
import { slotCommands } from "../../../src/node/slot-commands.ts";

test("commands for slots are those that are written one by one, whatever the slots and the words around them", () => {
  const slots = fc.array(fc.integer({ min: 0, max: 16383 }), { maxLength: 300 });
  const words = fc.array(fc.string({ unit: "binary" }), { maxLength: 3 });
  fc.assert(
    fc.property(words, slots, words, (before, asked, after) => {
      const name = ["CLUSTER", ...before] as const;
      const each = asked.map((slot) => [...name, slot, ...after] as const);
      expect(slotCommands(name, asked, after)).toEqual(commandBytes(each));
    }),
  );
});
