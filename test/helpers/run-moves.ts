import type { RunEvent } from "../../src/execute/events.ts";
import { DEFAULT_LIMITS, type Executor } from "../../src/execute/executor.ts";
import { runPlan } from "../../src/execute/run-plan.ts";
import type { NodeId } from "../../src/model/cluster.ts";
import type { DailyWindow } from "../../src/model/daily-window.ts";
import type { RateLimit } from "../../src/plan/move-plan.ts";
import type { Step } from "../../src/plan/plan.ts";
import type { FakeCluster } from "./fake-cluster.ts";

/** How a run ended, and what it told. */
export interface Ran {
  readonly error: unknown;
  readonly events: readonly RunEvent[];
}

export interface RunMovesOptions {
  readonly timeout?: number;
  readonly pipeline?: number;
  readonly rate?: RateLimit;
  readonly window?: DailyWindow;
  readonly signal?: AbortSignal;
  /** Called whenever keys have gone over. */
  readonly onKeys?: () => void;
  readonly onNotice?: (text: string) => void;
  /** Primaries before these, by name. */
  readonly formerly?: Readonly<Record<string, readonly NodeId[]>>;
  /** `bring-keys`: the slots stay whose they are, and stray keys go there. */
  readonly kind?: "move-slots" | "bring-keys";
}

/** Moves slots key by key between servers in memory, by names; `expected` is who owns what in the end. */
export async function runMoves(
  cluster: FakeCluster,
  moves: readonly { readonly from: string; readonly to: string; readonly slots: string }[],
  expected: Readonly<Record<string, string>>,
  {
    timeout = 2000,
    pipeline = 100,
    rate,
    window,
    signal,
    onKeys,
    onNotice,
    formerly = {},
    kind = "move-slots",
  }: RunMovesOptions = {},
): Promise<Ran> {
  const ref = (name: string) => ({ ...cluster.ref(name), formerly: formerly[name] });
  const events: RunEvent[] = [];
  const executor: Executor = {
    connections: cluster.network(),
    dials: new Map(),
    emit: (event) => {
      events.push(event);
      if (event.type === "notice") onNotice?.(event.text);
      if (event.type === "move-progress" && (event.keysMoved ?? 0) > 0) onKeys?.();
    },
    signal: signal ?? new AbortController().signal,
    witnesses: [],
    until: "ok",
    limits: { ...DEFAULT_LIMITS, pipeline, rate, window, maxBlockMs: 1e9 },
    timeout,
  };
  const steps = moves.map(({ from, to, slots }): Step => {
    const way = { from: ref(from), to: ref(to), slots };
    return kind === "move-slots" ? { kind, ...way, method: "keys" } : { kind, ...way, onConflict: "leave" };
  });
  const shards = Object.entries(expected).map(([name, slots]) => ({ primary: ref(name), slots, replicas: [] }));
  const plan = { schemaVersion: 1, command: "reshard", madeFor: "", steps, reasons: [], warnings: [] } as const;
  try {
    await runPlan({ ...plan, expected: shards }, executor);
    return { error: undefined, events };
  } catch (error) {
    return { error, events };
  }
}
