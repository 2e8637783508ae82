import type { Result } from "./view.ts";
import { count, secondsText } from "./words.ts";

export function createLines({
  outcome,
  until,
  shown,
  seconds,
}: Extract<Result, { kind: "create" }>): readonly string[] {
  const { shards, candidates } = shown.design;
  const size = `${count(shards.length, "shard")} on ${count(candidates.length, "node")}`;
  switch (outcome) {
    case "dry-run":
      return [`done: dry run, nothing was changed; the cluster would have ${size}`];
    case "already":
      return [`done: these servers form this cluster already, ${size}; nothing was changed`];
    case "created":
      return [
        `done: created a cluster of ${size} in ${secondsText(seconds)}; ${until === "ok" ? "every node says ok" : "all nodes have joined"}`,
      ];
  }
}
