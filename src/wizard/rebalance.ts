import { type Cluster, type ClusterNode, primariesOf } from "../model/cluster.ts";
import { listText } from "../view/words.ts";
import { type Interview, interviewOf, type Topic, topicsNotTyped } from "./interview.ts";
import { nodeWord, primaryChoices } from "./node-choices.ts";
import { type Pace, paceTopic } from "./pace.ts";
import type { Typed } from "./typed.ts";

interface RebalanceAnswers {
  readonly by?: "slots" | "keys" | "memory" | "cpu" | "network";
  readonly empty?: "fill" | "leave";
  readonly drained?: readonly ClusterNode[];
  readonly pace?: Pace;
}

/** Asks what is evened out, about primaries without slots, whom to empty, and how gently. */
export function rebalanceInterview(cluster: Cluster, typed: Typed): Interview {
  const topics = topicsNotTyped(topicsFor(cluster), typed);
  return interviewOf(topics, {}, ({ by = "slots", empty, drained = [], pace }) => ({
    positional: [],
    options: [
      ...(by === "slots" ? [] : ["--by", by]),
      ...(empty === "fill" ? ["--use-empty-primaries"] : []),
      ...drained.flatMap((node) => ["--weight", `${nodeWord(node, cluster)}=0`]),
      ...(pace?.options ?? []),
    ],
  }));
}

function topicsFor(cluster: Cluster): readonly Topic<RebalanceAnswers>[] {
  const hasEmpty = primariesOf(cluster).some(({ slots }) => slots.length === 0);
  return [byTopic(), ...(hasEmpty ? [emptyTopic()] : []), drainedTopic(cluster), paceTopic()];
}

function byTopic(): Topic<RebalanceAnswers> {
  return {
    name: "by",
    options: ["by"],
    label: "What is evened out",
    ask: async (answers, prompt) => ({
      ...answers,
      by: await prompt.choose({
        name: "by",
        message: "What is to be evened out?",
        choices: [
          { value: "slots", cells: ["the number of slots"] },
          { value: "keys", cells: ["the number of keys"] },
          { value: "memory", cells: ["the memory that the keys take"] },
          {
            value: "cpu",
            cells: ["the CPU time of the next seconds"],
            note: "Needs servers that measure it for each slot.",
          },
          {
            value: "network",
            cells: ["the traffic of the next seconds"],
            note: "Needs servers that measure it for each slot.",
          },
        ],
      }),
    }),
    told: ({ by = "" }) => by,
  };
}

function emptyTopic(): Topic<RebalanceAnswers> {
  return {
    name: "empty",
    options: ["use-empty-primaries"],
    label: "Primaries without slots",
    ask: async (answers, prompt) => ({
      ...answers,
      empty: await prompt.choose({
        name: "empty",
        message: "What about primaries without slots?",
        choices: [
          { value: "fill", cells: ["give them their share"] },
          { value: "leave", cells: ["leave them empty"] },
        ],
      }),
    }),
    told: ({ empty }) => (empty === "fill" ? "get their share" : "stay empty"),
  };
}

function drainedTopic(cluster: Cluster): Topic<RebalanceAnswers> {
  return {
    name: "drained",
    options: ["weight"],
    label: "Whom to empty",
    ask: async (answers, prompt) => {
      const kind = await prompt.choose({
        name: "drain",
        message: "Is a primary to end up without slots?",
        choices: [
          { value: "none", cells: ["no"] },
          { value: "some", cells: ["choose primaries"], note: "They give all their slots to the others." },
        ],
      });
      if (kind === "none") return { ...answers, drained: [] };
      const choices = primaryChoices(cluster, ({ slots }) => slots.length > 0);
      const drained = await prompt.chooseSeveral({
        name: "drained",
        message: "Which primaries give all their slots away?",
        choices,
        complaint: (chosen) => (chosen.length < choices.length ? undefined : "Leave one out, for the slots to go to"),
      });
      return { ...answers, drained };
    },
    told: ({ drained = [] }) =>
      drained.length === 0 ? "nobody" : listText(drained.map((node) => nodeWord(node, cluster))),
  };
}
