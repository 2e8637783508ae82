import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { shellLines } from "../../../src/wizard/command-line.ts";

const WORDS = ["slotctl", "reshard", "[::1]:7000", "--to", "3f2a", "--slots", "0-99,500-599", "--zone", "a=it's $HOME"];

test.each([20, 40, 80, 200])("in %i columns a shell reads the same words", (columns) => {
  const lines = shellLines(WORDS, columns);
  const script = lines.join("\n").replace("slotctl", "printf '%s\\n' slotctl");
  const read = execFileSync("sh", ["-c", script], { encoding: "utf8" });
  expect(read).toBe(`${WORDS.join("\n")}\n`);
});

test("an option stays in the line of its value, and lines are as long as fits", () => {
  expect(shellLines(WORDS.slice(0, 7), 40)).toEqual([
    "  slotctl reshard '[::1]:7000' \\",
    "    --to 3f2a --slots 0-99,500-599",
  ]);
});
