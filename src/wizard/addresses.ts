import { parseAddress } from "../model/address.ts";
import type { Prompt } from "./prompt.ts";

const EXAMPLE = "for example 10.0.0.1:7000 or [::1]:7000";

/** One or more servers, as they were typed. */
export async function askAddresses(message: string, prompt: Prompt): Promise<readonly string[]> {
  const text = await prompt.enter({
    name: "addresses",
    message,
    complaint: (typed) => {
      const strange = wordsIn(typed).find((word) => parseAddress(word) === undefined);
      if (strange !== undefined) return `"${strange}" is no address; type host:port, ${EXAMPLE}`;
      return wordsIn(typed).length === 0 ? `Type host:port, ${EXAMPLE}` : undefined;
    },
  });
  return wordsIn(text);
}

function wordsIn(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter((word) => word !== "");
}

/** The node to start from, or several with commas. */
export function askSeed(prompt: Prompt): Promise<string> {
  return prompt.enter({
    name: "seed",
    message: "Which cluster? (host:port of any of its nodes)",
    complaint: (typed) =>
      typed.split(",").every((part) => parseAddress(part.trim()) !== undefined)
        ? undefined
        : `Type host:port, ${EXAMPLE}`,
  });
}
