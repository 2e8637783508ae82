import { expect, test } from "vitest";
import { RedrawnOutput } from "../../../src/wizard/redrawn-output.ts";

const [TWO_UP, FRESH] = ["\u001b[2K\u001b[1A\u001b[2K\u001b[G", "\u001b[2K\u001b[G"];

function terminal(columns: number) {
  const written: string[] = [];
  const screen = { columns, rows: 24, write: (text: string) => written.push(text) };
  return { screen, written, output: new RedrawnOutput(screen as unknown as NodeJS.WriteStream) };
}

test("as long as the width stays, what inquirer writes is written", () => {
  const { output, written } = terminal(40);
  for (const text of [`${FRESH}one\ntwo\u001b[4G`, `${TWO_UP}one\nthree\u001b[6G`, "\u001b[3G", "\n\u001b[?25h"])
    output.write(text);
  expect(written.join("")).toBe(`${FRESH}one\ntwo\u001b[4G${TWO_UP}one\nthree\u001b[6G\u001b[3G\n\u001b[?25h`);
});

test("in a narrower terminal the rows are counted that the old lines take now", () => {
  const { output, screen, written } = terminal(40);
  output.write(`${FRESH}${"x".repeat(30)}\n\u001b[36m${"y".repeat(25)}\u001b[39m\u001b[26G`);
  screen.columns = 10;
  output.write(`${TWO_UP}short\nlines\u001b[6G`);
  expect(written.at(-1)).toBe("\r\u001b[5A\u001b[Jshort\nlines\u001b[6G");
  output.write(`${TWO_UP}short\nlives\u001b[6G`);
  expect(written.at(-1)).toBe(`${TWO_UP}short\nlives\u001b[6G`);
});

test("lines below the cursor are not gone up", () => {
  const { output, screen, written } = terminal(40);
  output.write(`${FRESH}a question\n> what is wrong with the answer\u001b[1A\u001b[11G`);
  screen.columns = 20;
  output.write(`\u001b[1B${TWO_UP}a question\u001b[11G`);
  expect(written.at(-1)).toBe("\r\u001b[Ja question\u001b[11G");
});
