import { nodeNamed } from "../commands/survey-healthy.ts";
import { ExitCode, SlotctlError } from "../errors.ts";
import { type Cluster, type ClusterNode, primariesOf } from "../model/cluster.ts";
import { listText } from "../view/words.ts";
import { type Amount, askAmount, type Ends, sourcesOf } from "./amount.ts";
import { type Interview, interviewOf, type Topic } from "./interview.ts";
import { nodeWord, primaryChoices } from "./node-choices.ts";
import { type Pace, paceIn, paceTopic } from "./pace.ts";
import type { Prompt } from "./prompt.ts";
import type { Typed } from "./typed.ts";

/** Primaries that give slots. */
type Sources = "all" | readonly ClusterNode[];

interface ReshardAnswers {
  readonly from: Sources;
  readonly to: ClusterNode;
  readonly amount: Amount;
  readonly pace: Pace;
}

/**
 * Asks from where, where to, how much and how gently.
 * @throws SlotctlError, exit code 2, when there are no two primaries, or a node that was typed is none
 */
export function reshardInterview(cluster: Cluster, typed: Typed): Interview {
  if (primariesOf(cluster).length < 2) throw nobodyElse();
  return interviewOf(topicsFor(cluster), answersIn(typed, cluster), ({ from, to, amount, pace }) => ({
    positional: [],
    options: [
      ...(from === "all" ? [] : ["--from", from.map((node) => nodeWord(node, cluster)).join(",")]),
      ...["--to", nodeWord(to, cluster)],
      ...["--slots", amount.word],
      ...pace.options,
    ],
  }));
}

function topicsFor(cluster: Cluster): readonly Topic<ReshardAnswers>[] {
  return [
    {
      name: "from",
      options: ["from"],
      label: "Where from",
      ask: async (answers, prompt) => ({ ...answers, from: await askSources(cluster, prompt) }),
      told: ({ from }) => (from === "all" ? "all" : listText(from.map((node) => nodeWord(node, cluster)))),
    },
    {
      name: "to",
      options: ["to"],
      label: "Where to",
      ask: async (answers, prompt) => ({ ...answers, to: await askTarget(cluster, answers.from, prompt) }),
      told: ({ to }) => nodeWord(to, cluster),
      isStale: ({ from, to }) => from !== "all" && from.includes(to),
    },
    {
      name: "amount",
      options: ["slots"],
      label: "How much",
      ask: async (answers, prompt) => ({ ...answers, amount: await askAmount(endsOf(cluster, answers), prompt) }),
      told: ({ amount }) => amount.told,
      isStale: (answers) => isOfOthers(answers.amount, endsOf(cluster, answers)),
    },
    paceTopic(),
  ];
}

async function askSources(cluster: Cluster, prompt: Prompt): Promise<Sources> {
  const kind = await prompt.choose<"all" | "some">({
    name: "from",
    message: "Where from?",
    choices: [
      { value: "all", cells: ["all shards"], note: "Each gives in proportion to the slots that it owns." },
      { value: "some", cells: ["choose shards"] },
    ],
  });
  if (kind === "all") return "all";
  const primaries = primariesOf(cluster).length;
  return prompt.chooseSeveral({
    name: "sources",
    message: "Which shards give slots?",
    choices: primaryChoices(cluster, ({ slots }) => slots.length > 0),
    complaint: (chosen) => (chosen.length < primaries ? undefined : "Leave one out, for the slots to go to"),
  });
}

function askTarget(cluster: Cluster, from: Sources, prompt: Prompt): Promise<ClusterNode> {
  const isOffered = (node: ClusterNode) =>
    from === "all" ? sourcesOf(cluster, from, node).length > 0 : !from.includes(node);
  return prompt.choose({ name: "to", message: "Where to?", choices: primaryChoices(cluster, isOffered) });
}

function endsOf(cluster: Cluster, { from, to }: ReshardAnswers): Ends {
  return { sources: sourcesOf(cluster, from, to), target: to };
}

function isOfOthers({ ends }: Amount, { sources, target }: Ends): boolean {
  if (ends === undefined) return false;
  const isSame = ends.sources.length === sources.length && ends.sources.every((node) => sources.includes(node));
  return ends.target !== target || !isSame;
}

/** What was typed needs no question. Its form was looked at when it was parsed. */
function answersIn(typed: Typed, cluster: Cluster): Partial<ReshardAnswers> {
  const from = typed
    .get("from")
    ?.split(",")
    .map((text) => text.trim());
  const to = typed.get("to");
  const slots = typed.get("slots");
  const pace = paceIn(typed);
  const target = to === undefined ? undefined : nodeNamed(cluster, to);
  const sources = from?.includes("all") ? "all" : from?.map((text) => nodeNamed(cluster, text));
  return {
    ...(sources === undefined ? {} : { from: sources }),
    ...(target === undefined ? {} : { to: target }),
    ...(slots === undefined ? {} : { amount: { word: slots, told: slots, ends: undefined } }),
    ...(pace === undefined ? {} : { pace }),
  };
}

function nobodyElse(): SlotctlError {
  return new SlotctlError("The cluster has a single primary: there is nobody to move slots to", {
    code: "MOVE_REFUSED",
    exitCode: ExitCode.Usage,
    hint: "Nothing was changed. slotctl add-node makes a blank server a member",
  });
}
