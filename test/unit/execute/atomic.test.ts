import { describe, expect, test } from "vitest";
import { adviceOn, isConnectionLoss, mayHaveLostWrites } from "../../../src/execute/atomic/advice.ts";
import { hasSlots, type Job } from "../../../src/execute/atomic/job.ts";
import { Movement } from "../../../src/execute/atomic/movement.ts";
import { REDIS } from "../../../src/execute/atomic/redis.ts";
import { inTurn } from "../../../src/execute/atomic/turns.ts";
import { VALKEY } from "../../../src/execute/atomic/valkey.ts";
import type { NodeId } from "../../../src/model/cluster.ts";
import { formatRanges, parseRanges } from "../../../src/model/slot.ts";
import { Connections } from "../../../src/node/connections.ts";

const A = "a".repeat(40) as NodeId;
const B = "b".repeat(40) as NodeId;
const C = "c".repeat(40) as NodeId;

describe("jobs as Valkey lists them", () => {
  const fields = ["name", "1f", "operation", "EXPORT", "slot_ranges", "20-29 0-9 10-19 866-866", "target_node", B];
  const rest = ["source_node", A, "create_time", 1795415643, "state", "snapshotting", "message", "", "cow_size", 0];

  test("are read whatever the order of the ranges, and with fields that are missing or new", () => {
    const [job] = VALKEY.parse([[...fields, ...rest, "remaining_repl_size", 512, "tomorrow", "?"]]);
    expect(job).toMatchObject({ id: "1f", end: "source", source: A, target: B, state: "snapshotting", bytesLeft: 512 });
    expect(formatRanges(job!.slots)).toBe("0-29,866");
    expect(hasSlots(job!, parseRanges("866,0-29")!)).toBe(true);
    expect(VALKEY.parse([[...fields, ...rest]])[0]!.bytesLeft).toBeUndefined();
    const onReplica = ["name", "1f", "operation", "IMPORT", "slot_ranges", "5-5", "state", "occurring-on-primary"];
    expect(VALKEY.parse([onReplica])[0]).toMatchObject({ source: undefined, target: undefined, result: undefined });
  });

  test.each([
    ["success", "success"],
    ["failed", "failed"],
    ["cancelled", "cancelled"],
    // It has failed, but it still deletes what had arrived.
    ["cleaning-up", undefined],
    ["failover-granted", undefined],
  ])("in state %s has result %s", (state, result) => {
    expect(VALKEY.parse([["operation", "IMPORT", "state", state]])[0]!.result).toBe(result);
  });

  test.each([[null], [[]], ["text"], [[null]], [[["odd"]]]])("%j is no reason to fall over", (reply) => {
    expect(() => VALKEY.parse(reply)).not.toThrow();
  });
});

describe("tasks as Redis lists them", () => {
  test.each([
    ["import", "completed", "success"],
    ["import", "canceled", "cancelled"],
    // The target tries again; the source waits for it.
    ["import", "failed", undefined],
    ["migrate", "failed", "failed"],
    ["migrate", "handoff", undefined],
  ])("%s in state %s has result %s", (operation, state, result) => {
    expect(REDIS.parse([["operation", operation, "state", state]])[0]!.result).toBe(result);
  });

  test("are asked for as the server wants it", () => {
    expect(REDIS.list()).toEqual(["CLUSTER", "MIGRATION", "STATUS", "ALL"]);
    expect(REDIS.list("1f")).toEqual(["CLUSTER", "MIGRATION", "STATUS", "ID", "1f"]);
    expect(REDIS.cancel("1f")).toEqual(["CLUSTER", "MIGRATION", "CANCEL", "ID", "1f"]);
  });
});

describe("what servers say", () => {
  test.each([
    ["Unable to connect to target node: Connection refused", true, /reaches/],
    ["ERR Slots are being manually imported", false, /slotctl fix/],
    ["ERR Slots are not served by this node.", false, /new plan/],
    ["Ran out of memory (OOM) during slot import", true, /memory/],
    ["ERR another ASM task is already in progress", true, /wait for it/],
    ["RDB channel - Connection timeout (state: failed, rdb_channel_state: none)", true, /logs/],
    ["Sync buffer drain timeout (state: streaming-buffer, rdb_channel_state: none)", true, /quieter/],
    ["ERR The module x does not support atomic slot migrations", false, /module/],
    ["NOPERM User op has no permissions", false, /ACL/],
  ])("%s", (text, retry, hint) => {
    expect(adviceOn(text).retry).toBe(retry);
    expect(adviceOn(text).hint).toMatch(hint);
  });

  test("is worth another try when it is new to us", () => {
    expect(adviceOn("The moon is in the way")).toEqual({ hint: undefined, retry: true });
  });

  test("tells of lost writes and of lost links", () => {
    expect(
      mayHaveLostWrites("Unpaused before migration completed (migration may have succeeded with lost writes)"),
    ).toBe(true);
    expect(mayHaveLostWrites("Unpaused before failover completed")).toBe(false);
    expect(isConnectionLoss("Connection lost to target. Check CLUSTER GETSLOTMIGRATIONS on …")).toBe(true);
  });
});

describe("a job makes progress", () => {
  const job = (changes: Partial<Job>): Job => ({
    ...VALKEY.parse([["operation", "EXPORT", "state", "x"]])[0]!,
    ...changes,
  });

  /** Whether the last sight counts as progress: then it has been still for a shorter time than before. */
  function counts(first: Job, second: Job): boolean {
    const movement = new Movement();
    movement.see(first, undefined);
    const before = performance.now();
    while (performance.now() - before < 2);
    movement.see(second, undefined);
    return movement.stillFor < 2;
  }

  test.each<readonly [string, Partial<Job>, Partial<Job>, boolean]>([
    ["when its state changes", { state: "connecting" }, { state: "snapshotting" }, true],
    ["not when nothing does", { state: "waiting-to-pause" }, { state: "waiting-to-pause" }, false],
    ["when fewer bytes are left than ever", { bytesLeft: 9 }, { bytesLeft: 8 }, true],
    ["not when more are left", { bytesLeft: 8 }, { bytesLeft: 9 }, false],
    ["when the servers mind it themselves", { guarded: true }, { guarded: true }, true],
    ["when the server tries again", { retries: 1 }, { retries: 2 }, true],
  ])("%s", (_, first, second, progress) => {
    expect(counts(job(first), job(second))).toBe(progress);
  });
});

describe("moves take turns", () => {
  /** Asks for turns in this order, and ends those that have begun one by one. Answers who ran beside whom. */
  async function beside(wishes: readonly (readonly NodeId[])[]): Promise<readonly (readonly number[])[]> {
    using run = new Connections({ connectTimeout: 1, commandTimeout: 1 });
    const running = new Map<number, () => void>();
    const rounds: number[][] = [];
    const turns = wishes.map((nodes, i) =>
      inTurn(run, nodes, () => new Promise<void>((resolve) => void running.set(i, resolve))),
    );
    for (let done = 0; done < wishes.length; ) {
      await new Promise(setImmediate);
      rounds.push([...running.keys()]);
      done += running.size;
      for (const end of running.values()) end();
      running.clear();
    }
    await Promise.all(turns);
    return rounds;
  }

  test("side by side where they share no node, and in order where they do", async () => {
    expect(await beside([[A], [B], [A], [A]])).toEqual([[0, 1], [2], [3]]);
    expect(
      await beside([
        [A, B],
        [B, C],
        [C, A],
      ]),
    ).toEqual([[0], [1], [2]]);
  });

  test("also after one has failed", async () => {
    using run = new Connections({ connectTimeout: 1, commandTimeout: 1 });
    const failing = inTurn(run, [A], () => Promise.reject(new Error("no")));
    const next = inTurn(run, [A], async () => "yes");
    await expect(failing).rejects.toThrow("no");
    expect(await next).toBe("yes");
  });
});
