import { askAddresses } from "./addresses.ts";
import { type Interview, interviewOf, type Topic, topicsNotTyped } from "./interview.ts";
import { wholeNumber } from "./pace.ts";
import type { Typed } from "./typed.ts";

interface CreateAnswers {
  readonly addresses?: readonly string[];
  readonly replicas?: number;
}

/** Asks of which servers, and how many replicas. */
export function createInterview(typed: Typed): Interview {
  return interviewOf(topicsNotTyped(TOPICS, typed), {}, ({ addresses = [], replicas = 0 }) => ({
    positional: addresses,
    options: replicas === 0 ? [] : ["--replicas", String(replicas)],
  }));
}

const TOPICS: readonly Topic<CreateAnswers>[] = [
  {
    name: "addresses",
    options: ["shard"],
    label: "Which servers",
    ask: async (answers, prompt) => ({
      ...answers,
      addresses: await askAddresses("Which blank servers? (host:port, with blanks between them)", prompt),
    }),
    told: ({ addresses = [] }) => addresses.join(" "),
  },
  {
    name: "replicas",
    options: ["replicas", "shard"],
    label: "Replicas",
    ask: async (answers, prompt) => ({
      ...answers,
      replicas: Number(
        await prompt.enter({
          name: "replicas",
          message: "How many replicas for each primary?",
          // With three primaries at the least, as many as automatic failover needs.
          preset: (answers.addresses?.length ?? 0) >= 6 ? "1" : "0",
          complaint: wholeNumber(0),
        }),
      ),
    }),
    told: ({ replicas = 0 }) => String(replicas),
  },
];
