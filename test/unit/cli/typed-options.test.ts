import { expect, test } from "vitest";
import { buildProgram } from "../../../src/cli/program.ts";
import { fakePrompt } from "../../helpers/fake-prompt.ts";

/** The command line that the wizard makes of a typed one, from its first question on. */
async function wizardLine(argv: readonly string[]): Promise<string> {
  const prompt = fakePrompt({ addresses: "a:1 b:2 c:3", replicas: "0" });
  const program = buildProgram({
    version: "0.0.0",
    environment: {},
    // The wizard opens one to see which seeds there are; the command, once there is a line.
    open: (_, seeds) =>
      prompt.said.length > 0
        ? Promise.reject(new Error("the command would begin"))
        : Promise.resolve({
            seeds,
            view: { busy: () => undefined, end: () => undefined },
            connections: { [Symbol.dispose]: () => undefined },
          } as never),
    done: () => undefined,
    out: () => undefined,
    talk: () => undefined,
    asking: { prompt: () => Promise.resolve(prompt), signal: new AbortController().signal },
  });
  await expect(program.parseAsync(argv, { from: "user" })).rejects.toThrow("the command would begin");
  const lines = prompt.said.join("\n").split("\n");
  return lines
    .filter((line) => line.startsWith("  "))
    .map((line) => line.replace(/^ +| \\$/g, ""))
    .join(" ");
}

test.each<[readonly string[], string]>([
  [["create"], ""],
  [["--tls", "create", "--wait", "30s", "--zone", "h=1", "--zone=g=2"], "--tls --zone h=1 --zone g=2 --wait 30s"],
  [["create", "--no-color", "-q", "--timeout", "500ms"], "--no-color --quiet --timeout 500ms"],
  [["create", "--user", "it's me", "-a", "secret"], "--user 'it'\\''s me'"],
  [["create", "-asecret", "--pass=secret"], ""],
  [["create", "-u", "rediss://me:secret@h:1", "--askpass"], "--uri rediss://me@h:1 --askpass"],
  [["create", "-u", "redis://:secret@h:1"], "--uri redis://h:1"],
])("%j is kept, without its secrets", async (argv, options) => {
  expect(await wizardLine(argv)).toBe(["slotctl create a:1 b:2 c:3", options].join(" ").trim());
});
