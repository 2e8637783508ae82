import { describe, expect, test } from "vitest";
import { type AtomicDialect, atomicDialectOf } from "../../src/execute/atomic/dialect.ts";
import { type AtomicProgress, moveAtomically } from "../../src/execute/atomic/move-atomically.ts";
import type { RunEvent } from "../../src/execute/events.ts";
import { DEFAULT_LIMITS, type Executor } from "../../src/execute/executor.ts";
import type { Address } from "../../src/model/address.ts";
import type { NodeId } from "../../src/model/cluster.ts";
import { parseNodes } from "../../src/model/parse-nodes.ts";
import { formatRanges, hasSlot, parseRanges } from "../../src/model/slot.ts";
import { type ConnectSettings, connect } from "../../src/node/connect.ts";
import { Connections } from "../../src/node/connections.ts";
import { ServerError } from "../../src/node/node.ts";
import type { MoveSlots } from "../../src/plan/plan.ts";
import { ENGINES, type TestEngine } from "../helpers/engines.ts";
import { eventually } from "../helpers/eventually.ts";
import { resp } from "../helpers/resp.ts";
import { scriptOf, startScriptedServer } from "../helpers/scripted-server.ts";
import { type Member, startCluster, type TestCluster } from "../helpers/start-cluster.ts";

/** An executor of the test's own: what it told is kept, and it can be interrupted. */
function startRun(settings: ConnectSettings, { timeout = 10_000 } = {}) {
  const connections = new Connections(settings);
  const events: RunEvent[] = [];
  const states: AtomicProgress[] = [];
  const abort = new AbortController();
  let changes = 0;
  const executor: Executor = {
    connections,
    dials: new Map(),
    emit: (event) => events.push(event),
    signal: abort.signal,
    until: "ok",
    witnesses: [],
    limits: DEFAULT_LIMITS,
    timeout,
  };
  return {
    move: (step: MoveSlots) =>
      moveAtomically(
        step,
        executor,
        () => changes++,
        (progress) => states.push(progress),
      ),
    states,
    abort: () => abort.abort(new Error("interrupted")),
    notices: () => events.flatMap((event) => (event.type === "notice" ? [event.text] : [])),
    changes: () => changes,
    [Symbol.dispose]: () => connections[Symbol.dispose](),
  };
}

interface Place {
  readonly id: NodeId;
  readonly address: Address;
}

function stepOf(from: Place, to: Place, slots: string): MoveSlots {
  const refOf = ({ id, address }: Place) => ({ id, address });
  return { kind: "move-slots", from: refOf(from), to: refOf(to), slots, method: "atomic" };
}

async function slotsOn(member: Member): Promise<string> {
  return formatRanges(parseNodes(String(await member.call("CLUSTER", "NODES"))).myself.slots);
}

describe.each(ENGINES)("on $name", (engine) => {
  test("it is known whether the servers can do it", async () => {
    await using cluster = await startCluster(engine, { a: [0, 8191], b: [8192, 16383] });
    using connections = new Connections(cluster.connectSettings);
    const [a, b] = await Promise.all(cluster.seeds.map((seed) => connections.to(seed)));
    const [major = 0, minor = 0] = engine.version.split(".").map(Number);
    const expected: Record<TestEngine["kind"], AtomicDialect | undefined> = {
      valkey: major >= 9 ? "valkey" : undefined,
      redis: major > 8 || (major === 8 && minor >= 4) ? "redis" : undefined,
    };
    expect(await atomicDialectOf(a!, b!)).toBe(expected[engine.kind]);
    if (expected[engine.kind] !== undefined) return;
    using run = startRun(cluster.connectSettings);
    const step = stepOf(cluster.nodes.a, cluster.nodes.b, "0-9");
    await expect(run.move(step)).rejects.toMatchObject({ code: "ATOMIC_UNSUPPORTED" });
    expect(run.changes()).toBe(0);
  });
});

describe.each(ENGINES.filter(({ name }) => name === "valkey-9.1"))("on $name", (engine) => {
  const KEYS = Array.from({ length: 6000 }, (_, i) => `key ${i}`);
  const LAYOUT = { a: [0, 8191], b: [8192, 16383], c: [] };

  async function startFilled() {
    const cluster = await startCluster(engine, LAYOUT, { settings: { "enable-debug-command": "yes" } });
    // Each node takes the keys that are its own.
    await askAll(cluster, (key) => ["SET", key, `value of ${key}`, "EX", 5000]);
    return cluster;
  }

  type Cluster = TestCluster<keyof typeof LAYOUT>;

  /** What each node answers for each key; undefined where it says that another node has it. */
  async function askAll({ members, connectSettings }: Cluster, ask: (key: string) => readonly (string | number)[]) {
    return Promise.all(
      members.map(async ({ address }) => {
        const node = await connect(address, connectSettings);
        const outcomes = await node.sendAll(KEYS.map(ask));
        node.close();
        return outcomes.map((outcome) => (outcome instanceof ServerError ? undefined : outcome));
      }),
    );
  }

  /** Every key on the one node that owns its slot, with its value and its time to live. Answers how many each has. */
  async function expectAllKeys(cluster: Cluster): Promise<readonly number[]> {
    const values = await askAll(cluster, (key) => ["GET", key]);
    const ttls = await askAll(cluster, (key) => ["TTL", key]);
    for (const [i, key] of KEYS.entries()) {
      expect(values.flatMap((list) => list[i] ?? [])).toEqual([`value of ${key}`]);
      const [ttl] = ttls.flatMap((list) => list[i] ?? []);
      expect(ttl).toBeGreaterThan(4000);
    }
    return values.map((list) => list.filter((value) => value !== undefined).length);
  }

  /** Slots with their owners, as each of them says, and nobody migrating any more. */
  async function expectAtRest({ members }: Cluster, owned: readonly string[]): Promise<void> {
    expect(await Promise.all(members.map(slotsOn))).toEqual(owned);
    for (const member of members) expect(await jobsOf(member)).toEqual([]);
  }

  /** The states of the jobs that have not ended. */
  async function jobsOf(member: Member): Promise<readonly string[]> {
    const jobs = (await member.call("CLUSTER", "GETSLOTMIGRATIONS")) as readonly (readonly string[])[];
    const states = jobs.map((job) => job[job.indexOf("state") + 1]!);
    return states.filter((state) => !["success", "failed", "cancelled"].includes(state));
  }

  /** Holds every migration that leaves the node just before its end. */
  async function hold(member: Member, on: boolean): Promise<void> {
    await member.call("DEBUG", "SLOTMIGRATION", "PREVENT-PAUSE", on ? 1 : 0);
  }

  async function untilHeld({ a, c }: { readonly a: Member; readonly c: Member }): Promise<void> {
    await eventually(async () => {
      expect(await jobsOf(a)).toEqual(["waiting-to-pause"]);
      expect(await jobsOf(c)).toEqual(["waiting-for-paused"]);
    });
  }

  const MOVED = ["2048-8191", "10240-16383", "0-2047,8192-10239"];

  test("slots go from two sources to one target side by side, with every key and its time to live", async () => {
    await using cluster = await startFilled();
    const { a, b, c } = cluster.nodes;
    using run = startRun(cluster.connectSettings);
    // Written as it comes, ranges that touch included.
    const steps = [stepOf(a, c, "1024-2047,0-1023"), stepOf(b, c, "8192-10239")];
    expect(await Promise.all(steps.map(run.move))).toEqual([true, true]);
    await expectAtRest(cluster, MOVED);
    const keySlots = await a.callAll(KEYS.map((key) => ["CLUSTER", "KEYSLOT", key]));
    const toMove = parseRanges("0-2047,8192-10239")!;
    const counts = await expectAllKeys(cluster);
    expect(counts[2]).toBe(keySlots.filter((slot) => hasSlot(toMove, Number(slot))).length);
    expect(run.changes()).toBe(2);
    expect(run.states.at(-1)).toMatchObject({ slotsDone: 2048, slotsTotal: 2048, state: "done" });
    expect(run.notices()).toEqual([]);

    using again = startRun(cluster.connectSettings);
    expect(await Promise.all(steps.map(again.move))).toEqual([false, false]);
    expect(again.changes()).toBe(0);
    await expect(again.move(stepOf(b, c, "2048-2050"))).rejects.toMatchObject({ code: "PLAN_STALE", exitCode: 5 });
    // Of what is asked for, the target has a part; only the rest goes over, and two of one source take turns.
    expect(await Promise.all([again.move(stepOf(a, c, "0-2099")), again.move(stepOf(a, b, "8000-8191"))])).toEqual([
      true,
      true,
    ]);
    expect(await slotsOn(a)).toBe("2100-7999");
    await expectAllKeys(cluster);
  });

  test("an interrupt half way leaves every slot with one owner and no job, and a second run finishes", async () => {
    await using cluster = await startFilled();
    const { a, b, c } = cluster.nodes;
    await hold(a, true);
    const step = stepOf(a, c, "0-2047");
    using run = startRun(cluster.connectSettings);
    const moving = run.move(step);
    const outcome = expect(moving).rejects.toThrow("interrupted");
    await untilHeld({ a, c });
    run.abort();
    await outcome;
    await expectAtRest(cluster, ["0-8191", "8192-16383", ""]);
    expect(run.changes()).toBe(1);
    await expectAllKeys(cluster);

    await hold(a, false);
    using again = startRun(cluster.connectSettings);
    expect(await Promise.all([again.move(step), again.move(stepOf(b, c, "8192-10239"))])).toEqual([true, true]);
    await expectAtRest(cluster, MOVED);
    await expectAllKeys(cluster);
  });

  test("a job that runs already for these slots is adopted; one for other slots is in the way", async () => {
    await using cluster = await startFilled();
    const { a, b, c } = cluster.nodes;
    await hold(a, true);
    await a.call("CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", 5, 9, 0, 4, "NODE", c.id);
    using other = startRun(cluster.connectSettings);
    await expect(other.move(stepOf(a, b, "4-6"))).rejects.toMatchObject({ code: "ATOMIC_UNSETTLED", exitCode: 1 });
    expect(other.changes()).toBe(0);

    using run = startRun(cluster.connectSettings);
    const moving = run.move(stepOf(a, c, "0-9"));
    await eventually(() => expect(run.states.at(-1)?.state).toBe("waiting-to-pause"));
    await hold(a, false);
    expect(await moving).toBe(true);
    await expectAtRest(cluster, ["10-8191", "8192-16383", "0-9"]);
    const jobs = (await a.call("CLUSTER", "GETSLOTMIGRATIONS")) as readonly unknown[];
    expect(jobs).toHaveLength(1);
    await expectAllKeys(cluster);
  });

  test("a job that makes no progress is cancelled after the timeout, and the slots stay whole", async () => {
    await using cluster = await startCluster(engine, LAYOUT, { settings: { "enable-debug-command": "yes" } });
    const { a, c } = cluster.nodes;
    await hold(a, true);
    using run = startRun(cluster.connectSettings, { timeout: 700 });
    await expect(run.move(stepOf(a, c, "0-9"))).rejects.toMatchObject({
      code: "ATOMIC_FAILED",
      exitCode: 1,
      message: expect.stringContaining("no progress for 0.7 s in state waiting-to-pause"),
      hint: expect.stringContaining("--method keys"),
    });
    await expectAtRest(cluster, ["0-8191", "8192-16383", ""]);
  });

  test("a job that somebody cancels is not begun again", async () => {
    await using cluster = await startCluster(engine, LAYOUT, { settings: { "enable-debug-command": "yes" } });
    const { a, c } = cluster.nodes;
    await hold(a, true);
    using run = startRun(cluster.connectSettings);
    const outcome = expect(run.move(stepOf(a, c, "0-9"))).rejects.toMatchObject({
      code: "ATOMIC_FAILED",
      message: expect.stringContaining("somebody cancelled"),
    });
    await untilHeld({ a, c });
    await a.call("CLUSTER", "CANCELSLOTMIGRATIONS");
    await outcome;
    expect(run.changes()).toBe(1);
  });

  test("a job that breaks off again and again is begun again a few times, and the known reason told", async () => {
    await using cluster = await startFilled();
    const { a, c } = cluster.nodes;
    await hold(a, true);
    using run = startRun(cluster.connectSettings);
    let ended = false;
    const outcome = expect(run.move(stepOf(a, c, "0-2047")))
      .rejects.toMatchObject({
        code: "ATOMIC_FAILED",
        message: expect.stringContaining("Connection lost"),
        details: expect.arrayContaining([expect.stringContaining("Attempt 4: ")]),
      })
      .finally(() => {
        ended = true;
      });
    await eventually(async () => {
      // Every connection but this one, ours included.
      if ((await jobsOf(c)).length > 0) await c.call("CLIENT", "KILL", "SKIPME", "yes");
      expect(ended).toBe(true);
    });
    await outcome;
    expect(run.notices()).toEqual([expect.stringContaining("valkey#4545")]);
    await expectAtRest(cluster, ["0-8191", "8192-16383", ""]);
    await expectAllKeys(cluster);
  });

  test("slots that are half moved by keys are refused, and so are replicas", async () => {
    await using cluster = await startCluster(engine, LAYOUT, { replicas: { b: 1 } });
    const { a, c, b1 } = cluster.nodes;
    await a.call("CLUSTER", "SETSLOT", 5, "MIGRATING", c.id);
    using run = startRun(cluster.connectSettings);
    await expect(run.move(stepOf(a, c, "0-9"))).rejects.toMatchObject({ code: "SLOTS_OPEN" });
    await expect(run.move(stepOf(a, b1, "0-9"))).rejects.toMatchObject({ code: "PLAN_STALE" });
    expect(run.changes()).toBe(0);
  });

  test("when the target dies half way the source keeps the slots; with the target back a second run finishes", async () => {
    await using cluster = await startFilled();
    const { a, b, c } = cluster.nodes;
    await hold(a, true);
    const step = stepOf(a, c, "0-2047");
    using run = startRun(cluster.connectSettings);
    const outcome = expect(run.move(step)).rejects.toMatchObject({ code: "ATOMIC_UNSETTLED", exitCode: 1 });
    await untilHeld({ a, c });
    await c.kill();
    await outcome;
    expect(await slotsOn(a)).toBe("0-8191");
    expect(await jobsOf(a)).toEqual([]);

    await hold(a, false);
    await c.start();
    await cluster.waitUntilAgreed();
    using again = startRun(cluster.connectSettings);
    expect(await Promise.all([again.move(step), again.move(stepOf(b, c, "8192-10239"))])).toEqual([true, true]);
    await expectAtRest(cluster, MOVED);
    await expectAllKeys(cluster);
  });
});

describe("with the commands of Redis 8.4, as scripted servers speak them", () => {
  const A = "a".repeat(40) as NodeId;
  const B = "b".repeat(40) as NodeId;
  const TASK = "7".repeat(40);
  const SETTINGS: ConnectSettings = { connectTimeout: 1_000, commandTimeout: 1_000 };

  /** What the two ends say at one look of ours. The last one stays. */
  interface Moment {
    readonly target: string;
    readonly source?: string;
    readonly retries?: number;
    readonly error?: string;
    /** Keys that the source has still to delete. */
    readonly trimming?: number;
  }

  interface Script {
    readonly moments: readonly Moment[];
    readonly refusal?: string;
    /** A task that runs before we come. */
    readonly running?: string;
  }

  async function startPair({ moments, refusal, running }: Script) {
    const ports: number[] = [];
    let slots = running ?? "";
    let now = 0;
    let cancelled = false;
    const moment = () => moments[Math.min(now, moments.length - 1)]!;
    const hasMoved = () => !cancelled && slots !== "" && moment().target === "completed";
    const line = (id: string, me: string, port: number | undefined, owned: string) =>
      `${id} 127.0.0.1:${port}@17000 ${id === me ? "myself," : ""}master - 0 0 1 connected ${owned}\n`;
    const nodes = (me: string) => {
      const [ofA, ofB] = hasMoved() ? ["100-16383", slots] : ["0-16383", ""];
      return resp.bulk(line(A, me, ports[0], ofA) + line(B, me, ports[1], ofB));
    };
    const task = (end: "source" | "target") => {
      const { target, source = "send-bulk-and-stream", retries = 0, error = "" } = moment();
      const stopped = end === "target" ? "canceled" : "failed";
      const fields = {
        id: TASK,
        slots,
        source: A,
        dest: B,
        operation: end === "target" ? "import" : "migrate",
        state: cancelled ? stopped : end === "target" ? target : source,
        last_error: cancelled ? "Cancelled due to user request (state: none, rdb_channel_state: none)" : error,
        retries,
        create_time: 1795415643000,
        start_time: -1,
        end_time: -1,
        write_pause_ms: 0,
      };
      return resp.array(
        Object.entries(fields).flatMap(([name, value]) => [
          resp.bulk(name),
          typeof value === "number" ? resp.integer(value) : resp.bulk(value),
        ]),
      );
    };
    const status = (end: "source" | "target") => resp.array(slots === "" ? [] : [task(end)]);
    const script = (me: string, end: "source" | "target") =>
      scriptOf({
        "CLUSTER MYID": resp.bulk(me),
        "COMMAND INFO CLUSTER|MIGRATESLOTS": resp.array([resp.array(null)]),
        "COMMAND INFO CLUSTER|MIGRATION": resp.array([resp.array([resp.bulk("cluster|migration")])]),
        "CLUSTER NODES": () => nodes(me),
        "CLUSTER INFO": () => {
          const left = moment().trimming ?? 0;
          now++;
          return resp.bulk(`cluster_slot_migration_active_trim_running:${left > 0 ? 1 : 0}\r\n`);
        },
        "CLUSTER MIGRATION STATUS ALL": () => status(end),
        "CLUSTER MIGRATION STATUS ID": () => {
          const answer = status(end);
          if (end === "target") now++;
          return answer;
        },
        "CLUSTER MIGRATION CANCEL ID": () => {
          cancelled = true;
          return resp.integer(1);
        },
        "CLUSTER MIGRATION IMPORT": (argv) => {
          if (refusal !== undefined) return resp.error(refusal);
          const borders = argv.slice(3).map(String);
          slots = borders.flatMap((start, i) => (i % 2 === 0 ? [`${start}-${borders[i + 1]}`] : [])).join(" ");
          return resp.bulk(TASK);
        },
      });
    const servers = [await startScriptedServer(script(A, "source")), await startScriptedServer(script(B, "target"))];
    ports.push(...servers.map(({ port }) => port));
    const [source, target] = servers;
    return {
      step: stepOf({ id: A, address: source!.address }, { id: B, address: target!.address }, "0-49,50-99"),
      /** The commands that change something, as "<end> <subcommand> <arguments>". */
      changes: () =>
        servers.flatMap(({ calls }, i) =>
          calls
            .filter(([, , subcommand]) => ["IMPORT", "CANCEL"].includes(subcommand ?? ""))
            .map((call) => [i === 0 ? "source" : "target", ...call.slice(2)].join(" ")),
        ),
      /** How many moments have been looked at. */
      seen: () => now,
      [Symbol.asyncDispose]: async () => {
        for (const server of servers) await server[Symbol.asyncDispose]();
      },
    };
  }

  test("the target imports, and done is when both ends are and the source has deleted the keys", async () => {
    const moments: Moment[] = [
      { target: "none" },
      { target: "accumulate-buffer" },
      { target: "takeover", source: "handoff" },
      { target: "completed", source: "stream-eof" },
      { target: "completed", source: "stream-eof" },
      { target: "completed", source: "completed", trimming: 9 },
      { target: "completed", source: "completed", trimming: 4 },
      { target: "completed", source: "completed" },
    ];
    await using pair = await startPair({ moments });
    using run = startRun(SETTINGS);
    expect(await run.move(pair.step)).toBe(true);
    expect(pair.changes()).toEqual(["target IMPORT 0 99"]);
    expect(pair.seen()).toBe(moments.length);
    expect(run.states.map(({ state }) => state)).toEqual([
      "none",
      "accumulate-buffer",
      "takeover",
      "completed",
      "done",
    ]);
    expect(await run.move(pair.step)).toBe(false);
    expect(pair.changes()).toHaveLength(1);
  });

  test("the server's own retries are waited for", async () => {
    const failed = { target: "failed", source: "failed", error: "RDB channel - Connection timeout" };
    const moments: Moment[] = [
      { ...failed, retries: 1 },
      { target: "connecting", source: "failed", retries: 2 },
      { ...failed, retries: 3 },
      { target: "completed", source: "completed", retries: 3 },
    ];
    await using pair = await startPair({ moments });
    using run = startRun(SETTINGS);
    expect(await run.move(pair.step)).toBe(true);
    expect(pair.changes()).toEqual(["target IMPORT 0 99"]);
  });

  test("too many of them end in a cancelled task and whole slots", async () => {
    const error = "Main channel - Connection timeout (state: connecting, rdb_channel_state: none)";
    const moments = [1, 2, 3, 4].map((retries) => ({ target: "failed", source: "failed", retries, error }));
    await using pair = await startPair({ moments });
    using run = startRun(SETTINGS);
    await expect(run.move(pair.step)).rejects.toMatchObject({
      code: "ATOMIC_FAILED",
      exitCode: 1,
      message: expect.stringContaining("atomically: Main channel - Connection timeout"),
      hint: expect.stringContaining("--method keys"),
    });
    expect(pair.changes()).toEqual(["target IMPORT 0 99", `target CANCEL ID ${TASK}`]);
  });

  test("a task that never leaves `none` is cancelled after the timeout", async () => {
    await using pair = await startPair({ moments: [{ target: "none", source: "failed" }] });
    using run = startRun(SETTINGS, { timeout: 300 });
    await expect(run.move(pair.step)).rejects.toMatchObject({ code: "ATOMIC_FAILED" });
    expect(pair.changes()).toEqual(["target IMPORT 0 99", `target CANCEL ID ${TASK}`]);
  });

  test("a long snapshot is not cut short by the timeout", async () => {
    const snapshot = Array.from({ length: 30 }, () => ({ target: "accumulate-buffer" }));
    await using pair = await startPair({ moments: [...snapshot, { target: "completed", source: "completed" }] });
    using run = startRun(SETTINGS, { timeout: 200 });
    expect(await run.move(pair.step)).toBe(true);
  });

  test("an interrupt cancels the task on the target", async () => {
    await using pair = await startPair({ moments: [{ target: "streaming-buffer" }] });
    using run = startRun(SETTINGS);
    const outcome = expect(run.move(pair.step)).rejects.toThrow("interrupted");
    await eventually(() => expect(run.states).toHaveLength(1));
    run.abort();
    await outcome;
    expect(pair.changes()).toEqual(["target IMPORT 0 99", `target CANCEL ID ${TASK}`]);
    expect(run.notices()).toEqual([]);
  });

  test("a task that runs already for these slots is adopted", async () => {
    const moments = [{ target: "streaming-buffer" }, { target: "completed", source: "completed" }];
    await using pair = await startPair({ moments, running: "0-99" });
    using run = startRun(SETTINGS);
    expect(await run.move(pair.step)).toBe(true);
    expect(pair.changes()).toEqual([]);
  });

  test("a task for other slots is not pushed aside", async () => {
    await using pair = await startPair({ moments: [{ target: "failed", source: "failed" }], running: "200-299" });
    using run = startRun(SETTINGS);
    await expect(run.move(pair.step)).rejects.toMatchObject({ code: "ATOMIC_UNSETTLED" });
    expect(pair.changes()).toEqual([]);
  });

  test("a refusal that stays is not repeated", async () => {
    const refusal = "ERR Trim is disabled by module";
    await using pair = await startPair({ moments: [{ target: "none" }], refusal });
    using run = startRun(SETTINGS);
    await expect(run.move(pair.step)).rejects.toMatchObject({
      code: "ATOMIC_FAILED",
      message: expect.stringContaining(refusal),
    });
    expect(pair.changes()).toHaveLength(1);
  });

  test("writes that may be lost are told of", async () => {
    const error = "Write pause timeout during slot handoff: destination did not take ownership within 10000 ms.";
    const moments = [{ target: "takeover" }, { target: "completed", source: "failed", error }];
    await using pair = await startPair({ moments });
    using run = startRun(SETTINGS);
    expect(await run.move(pair.step)).toBe(true);
    expect(run.notices()).toEqual([expect.stringContaining("may have been lost")]);
  });
});
