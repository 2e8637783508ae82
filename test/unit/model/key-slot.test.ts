import { describe, expect, test } from "vitest";
import { keySlot } from "../../../src/model/key-slot.ts";

describe("the slot of a key", () => {
  // The answers of CLUSTER KEYSLOT.
  test.each([
    ["", 0],
    ["foo", 12182],
    ["bar", 5061],
    ["123456789", 12739],
    ["{user1000}.following", 3443],
    ["{user1000}.followers", 3443],
    ["user1000", 3443],
    ["foo{}{bar}", 8363],
    ["foo{{bar}}zap", 4015],
    ["foo{bar}{zap}", 5061],
  ])("%j is %i", (key, slot) => {
    expect(keySlot(Buffer.from(key))).toBe(slot);
  });
});
