import type { Cluster, ClusterNode } from "../model/cluster.ts";
import { askAddresses } from "./addresses.ts";
import { type Interview, interviewOf, type Topic, topicsNotTyped } from "./interview.ts";
import { nodeWord, primaryChoices } from "./node-choices.ts";
import type { Prompt } from "./prompt.ts";
import type { Typed } from "./typed.ts";

type Role =
  | { readonly kind: "primary" | "share" | "replica" }
  | { readonly kind: "replica-of"; readonly primary: ClusterNode };

interface AddNodeAnswers {
  readonly addresses?: readonly string[];
  readonly role?: Role;
}

/** Asks which servers, and what they are to become. */
export function addNodeInterview(cluster: Cluster, typed: Typed): Interview {
  return interviewOf(topicsNotTyped(topicsFor(cluster), typed), {}, ({ addresses = [], role }) => ({
    positional: addresses,
    options: role === undefined ? [] : roleOptions(role, cluster),
  }));
}

function topicsFor(cluster: Cluster): readonly Topic<AddNodeAnswers>[] {
  return [
    {
      name: "addresses",
      options: [],
      label: "Which servers",
      ask: async (answers, prompt) => ({
        ...answers,
        addresses: await askAddresses("Which blank servers join? (host:port, with blanks between them)", prompt),
      }),
      told: ({ addresses = [] }) => addresses.join(" "),
    },
    {
      name: "role",
      options: ["replica", "replica-of", "rebalance"],
      label: "What they become",
      ask: async (answers, prompt) => ({ ...answers, role: await askRole(cluster, prompt) }),
      told: ({ role }) => (role === undefined ? "" : roleOptions(role, cluster).join(" ") || "primaries"),
    },
  ];
}

async function askRole(cluster: Cluster, prompt: Prompt): Promise<Role> {
  const kind = await prompt.choose<Role["kind"]>({
    name: "role",
    message: "What do they become?",
    choices: [
      { value: "primary", cells: ["primaries without slots"] },
      { value: "share", cells: ["primaries with their share of the slots"] },
      { value: "replica", cells: ["replicas where they are needed most"], note: "In other zones and on other hosts." },
      { value: "replica-of", cells: ["replicas of one primary"] },
    ],
  });
  if (kind !== "replica-of") return { kind };
  const primary = await prompt.choose({
    name: "primary",
    message: "Replicas of which primary?",
    choices: primaryChoices(cluster),
  });
  return { kind, primary };
}

function roleOptions(role: Role, cluster: Cluster): readonly string[] {
  switch (role.kind) {
    case "primary":
      return [];
    case "share":
      return ["--rebalance"];
    case "replica":
      return ["--replica"];
    case "replica-of":
      return ["--replica-of", nodeWord(role.primary, cluster)];
  }
}
