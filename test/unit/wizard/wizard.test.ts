import { describe, expect, test } from "vitest";
import type { Context } from "../../../src/commands/context.ts";
import { ExitCode } from "../../../src/errors.ts";
import { runWizard, type Wizard } from "../../../src/wizard/wizard.ts";
import { type FakeAnswer, type FakePrompt, fakePrompt } from "../../helpers/fake-prompt.ts";

type Confirm = Context["confirm"];

interface Setting {
  /** What the command does, given somebody to ask for consent; how it went. */
  readonly command: (confirm: Confirm, words: readonly string[]) => Promise<ExitCode>;
  readonly typedWords?: readonly string[];
}

async function guided(answers: Record<string, FakeAnswer>, { command, typedWords = [] }: Setting) {
  const prompt: FakePrompt = fakePrompt({ addresses: "a:1 b:2 c:3", replicas: "0", ...answers });
  const lines: string[] = [];
  const wizard: Wizard = {
    prompt,
    verb: "create",
    seeds: [],
    typed: new Map(),
    typedWords: () => typedWords,
    look: () => Promise.reject(new Error("there is no cluster to look at")),
    run: (words, confirm) => {
      lines.push(words.join(" "));
      return command(confirm, words);
    },
    environment: {},
    signal: new AbortController().signal,
  };
  return { code: await runWizard(wizard), lines, prompt };
}

const ASKS: Setting["command"] = async (confirm) => ((await confirm("Go?")) ? ExitCode.Ok : ExitCode.Declined);

describe("the wizard", () => {
  test("shows the command before it runs, and runs it when that is wanted", async () => {
    const { code, lines, prompt } = await guided({ next: "yes" }, { command: ASKS, typedWords: ["--tls"] });
    expect(code).toBe(ExitCode.Ok);
    expect(lines).toEqual(["create a:1 b:2 c:3 --tls"]);
    expect(prompt.said.join("\n")).toContain("  slotctl create a:1 b:2 c:3 --tls\n");
  });

  test("leaving is no", async () => {
    expect((await guided({ next: "no" }, { command: ASKS })).code).toBe(ExitCode.Declined);
  });

  test("another answer makes another plan", async () => {
    let round = 0;
    const command: Setting["command"] = async (confirm) => {
      if (round++ === 0) return ASKS(confirm, []);
      return ExitCode.Ok;
    };
    const { lines } = await guided({ next: "change", change: "Which servers" }, { command });
    expect(lines).toEqual(["create a:1 b:2 c:3", "create a:1 b:2 c:3"]);
  });

  test("saving the plan runs the command that saves it, without asking again", async () => {
    const { code, lines } = await guided(
      { next: "save", file: "my plan.json" },
      { command: (confirm, words) => (words.includes("--dry-run") ? Promise.resolve(ExitCode.Ok) : ASKS(confirm, [])) },
    );
    expect(code).toBe(ExitCode.Ok);
    expect(lines.at(-1)).toBe("create a:1 b:2 c:3 --dry-run --plan-out my plan.json");
  });

  test("a command that refuses can be given other answers, or left with its own exit code", async () => {
    const refuses = { command: async () => ExitCode.Unhealthy };
    expect((await guided({ refused: "leave" }, refuses)).code).toBe(ExitCode.Unhealthy);
    let round = 0;
    const once = { command: async () => (round++ === 0 ? ExitCode.Unhealthy : ExitCode.Ok) };
    const { code, lines } = await guided({ refused: "change", change: "Replicas" }, once);
    expect(code).toBe(ExitCode.Ok);
    expect(lines).toHaveLength(2);
  });

  test("a run that was agreed to and failed ends there", async () => {
    const fails: Setting["command"] = async (confirm) => {
      await confirm("Go?");
      return ExitCode.Partial;
    };
    expect((await guided({ next: "yes" }, { command: fails })).code).toBe(ExitCode.Partial);
  });
});
