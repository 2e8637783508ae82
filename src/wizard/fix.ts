import { type Mendable, mendableIn } from "../commands/mendable.ts";
import { type Cluster, type ClusterNode, primariesOf } from "../model/cluster.ts";
import { count, listText } from "../view/words.ts";
import { type Interview, interviewOf, type Topic, topicsNotTyped } from "./interview.ts";
import { nodeWord } from "./node-choices.ts";
import { type Pace, paceTopic } from "./pace.ts";
import type { Typed } from "./typed.ts";

type Kind = Mendable["kind"];

interface FixAnswers {
  readonly only?: readonly Kind[] | "all";
  readonly direction?: "auto" | "forward" | "back";
  readonly conflict?: "leave" | "owner" | "newest" | "keep-both" | "ask";
  readonly unreachable?: "wait" | "give-up";
  readonly pace?: Pace;
}

/** Asks what to repair, and where there is more than one way, which. Where nothing is broken there is nothing to ask. */
export function fixInterview(cluster: Cluster, typed: Typed): Interview {
  const topics = topicsNotTyped(topicsFor(cluster), typed);
  return interviewOf(topics, {}, ({ only = "all", direction = "auto", conflict = "leave", unreachable, pace }) => ({
    positional: [],
    options: [
      ...(only === "all" ? [] : only.flatMap((kind) => ["--only", kind])),
      ...(direction === "auto" ? [] : ["--direction", direction]),
      ...(conflict === "leave" ? [] : ["--on-conflict", conflict]),
      ...(unreachable === "give-up" ? ["--with-unreachable-primaries"] : []),
      ...(pace?.options ?? []),
    ],
  }));
}

function topicsFor(cluster: Cluster): readonly Topic<FixAnswers>[] {
  const broken = mendableIn(cluster);
  const has = (...kinds: readonly Kind[]) => broken.some(({ kind }) => kinds.includes(kind));
  const missing = primariesOf(cluster).filter(
    ({ unreachable, slots }) => unreachable !== undefined && slots.length > 0,
  );
  const movesKeys = has("open-slots", "several-owners", "stray-keys");
  return [
    ...(broken.length > 1 ? [onlyTopic(broken)] : []),
    ...(has("open-slots") ? [DIRECTION_TOPIC] : []),
    ...(movesKeys ? [CONFLICT_TOPIC] : []),
    ...(missing.length > 0 ? [unreachableTopic(missing, cluster)] : []),
    ...(movesKeys ? [paceTopic<FixAnswers>()] : []),
  ];
}

const NAMES: Readonly<Record<Kind, string>> = {
  "uncovered-slots": "slots without an owner",
  "several-owners": "slots with several owners",
  "open-slots": "moves that were cut short",
  disagreement: "nodes that disagree",
  "stray-keys": "keys that nobody finds",
  "epoch-collision": "config epochs that collide",
  "unknown-member": "members that not all know",
  ghost: "nodes that are gone and still listed",
};

function onlyTopic(broken: readonly Mendable[]): Topic<FixAnswers> {
  return {
    name: "only",
    options: ["only"],
    label: "What to repair",
    ask: async (answers, prompt) => {
      const kind = await prompt.choose<"all" | "some">({
        name: "only",
        message: "What is to be repaired?",
        choices: [
          {
            value: "all",
            cells: ["everything"],
            note: `${listText(
              broken.map((one) => NAMES[one.kind]),
              6,
            )}.`,
          },
          { value: "some", cells: ["choose problems"] },
        ],
      });
      if (kind === "all") return { ...answers, only: "all" };
      const only = await prompt.chooseSeveral({
        name: "problems",
        message: "Which problems?",
        choices: broken.map((one) => ({
          value: one.kind,
          cells: [NAMES[one.kind], one.cases.length === 1 ? "" : count(one.cases.length, "case")],
          note: `${listText(one.cases, 2)}.`,
        })),
      });
      return { ...answers, only };
    },
    told: ({ only = "all" }) => (only === "all" ? "everything" : listText(only.map((kind) => NAMES[kind]))),
  };
}

const DIRECTION_TOPIC: Topic<FixAnswers> = {
  name: "direction",
  options: ["direction"],
  label: "Moves that were cut short",
  ask: async (answers, prompt) => ({
    ...answers,
    direction: await prompt.choose({
      name: "direction",
      message: "Where do moves go that were cut short?",
      choices: [
        { value: "auto", cells: ["on, or back"], note: "On where both ends know of the move, else back." },
        { value: "forward", cells: ["on to their target"] },
        { value: "back", cells: ["back to their source"] },
      ],
    }),
  }),
  told: ({ direction = "auto" }) => ({ auto: "on, or back", forward: "on", back: "back" })[direction],
};

const CONFLICT_TOPIC: Topic<FixAnswers> = {
  name: "conflict",
  options: ["on-conflict"],
  label: "Keys with two values",
  ask: async (answers, prompt) => ({
    ...answers,
    conflict: await prompt.choose({
      name: "conflict",
      message: "What about keys that two nodes hold with different values?",
      choices: [
        { value: "leave", cells: ["leave them"], note: "The slot stays open, and the keys are named in the end." },
        { value: "owner", cells: ["the owner's value counts"], note: "The other is written to a file first." },
        { value: "newest", cells: ["the value used last counts"], note: "The other is written to a file first." },
        { value: "keep-both", cells: ["keep both"], note: "The one that is not the owner's gets another name." },
        { value: "ask", cells: ["ask for each"], note: "The one that gives way is written to a file first." },
      ],
    }),
  }),
  told: ({ conflict = "" }) => conflict,
};

function unreachableTopic(missing: readonly ClusterNode[], cluster: Cluster): Topic<FixAnswers> {
  const names = listText(missing.map((node) => nodeWord(node, cluster)));
  return {
    name: "unreachable",
    options: ["with-unreachable-primaries"],
    label: "Primaries that are missing",
    ask: async (answers, prompt) => ({
      ...answers,
      unreachable: await prompt.choose({
        name: "unreachable",
        message: `${names} cannot be reached. What about ${missing.length === 1 ? "its" : "their"} slots?`,
        choices: [
          {
            value: "wait",
            cells: ["leave them"],
            note: "Nothing is repaired before they are back: what they hold is not known.",
          },
          {
            value: "give-up",
            cells: ["give them to others"],
            note: "Once the cluster holds them for failed. Their keys are lost: the plan says which slots.",
          },
        ],
      }),
    }),
    told: ({ unreachable }) => (unreachable === "give-up" ? "give their slots to others" : "leave their slots"),
  };
}
