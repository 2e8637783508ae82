import { type Cluster, type ClusterNode, slotCountOf } from "../model/cluster.ts";
import { count, listText } from "../view/words.ts";
import { type Interview, interviewOf, type Topic, topicsNotTyped } from "./interview.ts";
import { memberChoices, nodeWord } from "./node-choices.ts";
import type { Typed } from "./typed.ts";

interface DelNodeAnswers {
  readonly nodes?: readonly ClusterNode[];
  readonly slots?: "drain" | "none";
  readonly afterwards?: "reset" | "shutdown" | "keep";
}

/** Asks who leaves, what becomes of the slots, and what becomes of the nodes. */
export function delNodeInterview(cluster: Cluster, typed: Typed): Interview {
  return interviewOf(topicsNotTyped(topicsFor(cluster), typed), {}, ({ nodes = [], slots, afterwards }) => ({
    positional: nodes.map((node) => nodeWord(node, cluster)),
    options: [
      ...(slots === "drain" ? ["--drain"] : []),
      ...(afterwards === "shutdown" ? ["--shutdown"] : []),
      ...(afterwards === "keep" ? ["--no-reset"] : []),
    ],
  }));
}

function topicsFor(cluster: Cluster): readonly Topic<DelNodeAnswers>[] {
  return [nodesTopic(cluster), SLOTS_TOPIC, AFTERWARDS_TOPIC];
}

function nodesTopic(cluster: Cluster): Topic<DelNodeAnswers> {
  return {
    name: "nodes",
    options: [],
    label: "Who leaves",
    ask: async (answers, prompt) => {
      const choices = memberChoices(cluster);
      const nodes = await prompt.chooseSeveral({
        name: "nodes",
        message: "Which nodes leave the cluster?",
        choices,
        complaint: (chosen) => (chosen.length < choices.length ? undefined : "Somebody has to stay"),
      });
      // Whether there are slots to speak of is another matter now.
      const { slots: _, ...others } = answers;
      return { ...others, nodes };
    },
    told: ({ nodes = [] }) => listText(nodes.map((node) => nodeWord(node, cluster))),
  };
}

const SLOTS_TOPIC: Topic<DelNodeAnswers> = {
  name: "slots",
  options: ["drain"],
  label: "Their slots",
  ask: async (answers, prompt) => {
    const slots = (answers.nodes ?? []).reduce((sum, node) => sum + slotCountOf(node), 0);
    if (slots === 0) return { ...answers, slots: "none" };
    const choice = await prompt.choose<"drain" | "none">({
      name: "slots",
      message: `What about their ${count(slots, "slot")}?`,
      choices: [
        { value: "drain", cells: ["move them to the others first"], note: "With their keys." },
        { value: "none", cells: ["nothing"], note: "A primary that owns slots is not removed then: the plan says so." },
      ],
    });
    return { ...answers, slots: choice };
  },
  told: ({ slots }) => (slots === "drain" ? "move to the others first" : "none are moved"),
};

const AFTERWARDS_TOPIC: Topic<DelNodeAnswers> = {
  name: "afterwards",
  options: ["no-reset", "shutdown"],
  label: "Afterwards",
  ask: async (answers, prompt) => ({
    ...answers,
    afterwards: await prompt.choose({
      name: "afterwards",
      message: "What becomes of them?",
      choices: [
        { value: "reset", cells: ["blank servers"], note: "They are reset: data and cluster membership are gone." },
        { value: "shutdown", cells: ["shut down"], note: "They are reset and stopped." },
        { value: "keep", cells: ["left as they are"], note: "They keep their data, and still believe in the cluster." },
      ],
    }),
  }),
  told: ({ afterwards }) => afterwards ?? "",
};
