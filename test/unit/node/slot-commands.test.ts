import fc from "fast-check";
import { expect, test } from "vitest";
import { commandBytes } from "../../../src/node/command-bytes.ts";
import { slotCommands } from "../../../src/node/slot-commands.ts";

test("commands for slots are those that are written one by one, whatever the slots and the words around them", () => {
  const slot = fc.integer({ min: 0, max: 16383 });
  const range = fc.tuple(slot, fc.nat(120)).map(([first, more]) => Array.from({ length: more }, (_, i) => first + i));
  const slots = fc
    .array(
      fc.oneof(
        slot.map((one) => [one]),
        range,
      ),
      { maxLength: 20 },
    )
    .map((parts) => parts.flat());
  const words = fc.array(fc.string({ unit: "binary" }), { maxLength: 3 });
  fc.assert(
    fc.property(words, slots, words, (before, asked, after) => {
      const name = ["CLUSTER", ...before] as const;
      const each = asked.map((slot) => [...name, slot, ...after] as const);
      expect(slotCommands(name, asked, after)).toEqual(commandBytes(each));
    }),
  );
});
