import { type Command, InvalidArgumentError, Option } from "commander";
import type { Condition } from "../commands/wait.ts";
import { inBulk, type Running, runFromSeed } from "./open-context.ts";
import { seedsArgument } from "./options.ts";

export function addWait(program: Command, running: Running): void {
  program
    .command("wait")
    .summary("wait until a cluster is as it should be")
    .description("Returns as soon as the condition holds, and exits 7 when it does not within --timeout (60s).")
    .argument("[seed]", "any node of the cluster, host:port; several with commas", seedsArgument)
    .addOption(
      new Option("--for <condition>", "ok, healthy, agreement, replicas, or nodes=N")
        .argParser(conditionArgument)
        .default({ kind: "ok" } satisfies Condition, "ok"),
    )
    .addHelpText(
      "after",
      `
Conditions:
  ok         every node answers, says cluster_state:ok, and all agree
  healthy    slotctl check would find no problem
  agreement  all slot maps are equal and every node knows every other
  replicas   every replica has a link to its primary
  nodes=N    the cluster has exactly N nodes and all of them answer

Examples:
  slotctl wait 10.0.0.1:7000 --timeout 2m
  slotctl wait 10.0.0.1:7000 --for nodes=6 && slotctl check 10.0.0.1:7000`,
    )
    .action(async (seeds, { for: condition }: { for: Condition }, command) => {
      const { wait } = await import("../commands/wait.ts");
      await runFromSeed(
        running,
        command,
        seeds,
        inBulk((context) => wait(condition, context)),
      );
    });
}

function conditionArgument(text: string): Condition {
  if (text === "ok" || text === "healthy" || text === "agreement" || text === "replicas") return { kind: text };
  const count = /^nodes=([1-9]\d{0,4})$/.exec(text)?.[1];
  if (count === undefined) throw new InvalidArgumentError("Expected ok, healthy, agreement, replicas or nodes=N");
  return { kind: "nodes", count: Number(count) };
}
