import { describe, expect, test } from "vitest";
import { keySlot } from "../../../src/model/key-slot.ts";

describe("the slot of a key", () => {
  test.each([
    // 0x31C3 is the check value of CRC-16/XMODEM.
    ["123456789", 0x31c3],
    ["", 0],
    ["foo", 12_182],
    ["bar", 5061],
    ["user:{foo}:1", 12_182],
    ["{foo}{bar}", 12_182],
    ["{{foo}}", keySlot(Buffer.from("{foo"))],
  ])("%j", (key, slot) => {
    expect(keySlot(Buffer.from(key))).toBe(slot);
  });

  test.each(["{}foo", "{foo", "foo}", "}foo{"])("%j has no tag", (key) => {
    expect(keySlot(Buffer.from(key))).not.toBe(keySlot(Buffer.from("foo")));
    expect(keySlot(Buffer.from(key))).not.toBe(keySlot(Buffer.from("")));
  });
});
