import { expect, test } from "vitest";
import { runningJobsOn } from "../../../src/execute/atomic/running-jobs.ts";
import type { Command, Node, Outcome } from "../../../src/node/node.ts";
import { ServerError } from "../../../src/node/node.ts";

/** Answers by the words of the command; what it does not know it refuses. */
function nodeWith(answers: Readonly<Record<string, Outcome>>): Node {
  const answer = (command: Command) => answers[command.join(" ")] ?? new ServerError("ERR unknown subcommand");
  return {
    address: { host: "127.0.0.1", port: 7000 },
    remoteHost: undefined,
    send: () => Promise.reject(new Error("nothing is sent alone")),
    sendAll: async (commands) => commands.map(answer),
    sendAllBinary: () => Promise.reject(new Error("nothing binary is asked")),
    close: () => undefined,
  };
}

const REDIS = { "COMMAND INFO cluster|migration": [["cluster|migration"]] };
const VALKEY = { "COMMAND INFO cluster|migrateslots": [["cluster|migrateslots"]] };

function task(id: string, state: string): readonly string[] {
  return ["id", id, "slots", "0-99", "source", "aaa", "dest", "bbb", "operation", "import", "state", state];
}

test("of the tasks of a Redis those are told of that go on, also when they failed and will be tried again", async () => {
  const tasks = [task("1", "streaming-buffer"), task("2", "completed"), task("3", "failed"), task("4", "canceled")];
  const jobs = await runningJobsOn(nodeWith({ ...REDIS, "CLUSTER MIGRATION STATUS ALL": tasks }));
  expect(jobs.map(({ id }) => id)).toEqual(["1", "3"]);
  expect(jobs[0]).toMatchObject({ source: "aaa", target: "bbb", slots: [{ start: 0, end: 99 }] });
});

test("of the jobs of a Valkey those are told of that go on", async () => {
  const job = (name: string, state: string) => [
    "name",
    name,
    "operation",
    "EXPORT",
    "slot_ranges",
    "7-9",
    "state",
    state,
  ];
  const jobs = [job("1", "snapshotting"), job("2", "success"), job("3", "cancelled"), job("4", "failed")];
  const found = await runningJobsOn(nodeWith({ ...VALKEY, "CLUSTER GETSLOTMIGRATIONS": jobs }));
  expect(found.map(({ id }) => id)).toEqual(["1"]);
});

test("a server without such a thing, or that does not tell, has none", async () => {
  expect(await runningJobsOn(nodeWith({}))).toEqual([]);
  expect(await runningJobsOn(nodeWith(REDIS))).toEqual([]);
});
