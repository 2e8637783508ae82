import type { SlotctlError } from "../errors.ts";
import { formatAddress } from "../model/address.ts";
import { type Cluster, type ClusterNode, membersOf, primariesOf, shardsOf, slotCountOf } from "../model/cluster.ts";
import { keyCountOf } from "../model/facts.ts";
import { countSlots, formatRanges, unionRanges } from "../model/slot.ts";
import type { MovePreview } from "../plan/move-plan.ts";
import { moveTotals, primaryBalances } from "../plan/move-totals.ts";
import type { Plan } from "../plan/plan.ts";
import { type Problem, severityOf } from "../plan/problems.ts";
import { backupDocument, verifyDocument } from "./backup-text.ts";
import { callDocument } from "./call-text.ts";
import { configContextsDocument, configShowDocument } from "./config-show-text.ts";
import { configGetDocument, configSetDocument } from "./config-text.ts";
import { importDocument, importPlanDocument } from "./import-text.ts";
import { keyslotDocument } from "./keyslot-text.ts";
import { problemText } from "./problem-text.ts";
import { type Progress, silentProgress } from "./progress.ts";
import { restoreDocument, restorePlanDocument } from "./restore-text.ts";
import { SCHEMA_VERSION } from "./schema/schema-version.ts";
import { schemaText } from "./schema-text.ts";
import type { Result, ShownPlan, View } from "./view.ts";

export interface JsonOptions {
  readonly out: (text: string) => void;
  readonly talk: (text: string) => void;
  readonly quiet: boolean;
  readonly progress?: Progress;
}

/** For scripts: exactly one JSON document on stdout, whatever happens. Slots are written as Redis writes them. */
export function jsonView({ out, talk, quiet, progress = silentProgress }: JsonOptions): View {
  const print = (document: object) => {
    progress.pause();
    out(`${JSON.stringify({ schemaVersion: SCHEMA_VERSION, ...document }, slotsAsText, 2)}\n`);
  };
  let shown: ShownPlan | undefined;
  const say = (text: string) => {
    progress.pause();
    if (!quiet) talk(`${text}\n`);
  };
  return {
    // The plan is part of the one document that comes at the end, also when that is an error.
    plan: (plan) => {
      shown = plan;
    },
    saved: () => undefined,
    event: (event) => progress.event(event),
    busy: (text) => progress.busy(text),
    note: say,
    warning: (text) => say(`warning: ${text}`),
    // A schema is a document of its own kind.
    result: (result) => (result.kind === "schema" ? out(schemaText(result.schema)) : print(resultDocument(result))),
    error: (error) => print({ ...errorDocument(error), ...(shown === undefined ? {} : planDocument(shown)) }),
    end: () => progress.pause(),
  };
}

export function errorDocument({ code, message, hint, details, exitCode }: SlotctlError): object {
  return {
    ok: false,
    error: {
      code,
      message,
      ...(hint === undefined ? {} : { hint }),
      ...(details.length === 0 ? {} : { details }),
      exitCode,
    },
  };
}

/** Range lists as "0-5460,7000", maps as objects. */
function slotsAsText(_key: string, value: unknown): unknown {
  if (Array.isArray(value) && value.length > 0 && value.every(isRange)) return formatRanges(value);
  return value instanceof Map ? Object.fromEntries(value) : value;
}

function isRange(value: unknown): value is { start: number; end: number } {
  return typeof value === "object" && value !== null && "start" in value && "end" in value;
}

function resultDocument(result: Exclude<Result, { kind: "schema" }>): object {
  switch (result.kind) {
    case "check":
      return {
        ok: result.healthy,
        command: "check",
        ...totalsDocument(result.cluster),
        problems: result.problems.map((problem) => problemDocument(problem, result.cluster)),
      };
    case "info":
      return { ok: true, command: "info", ...totalsDocument(result.cluster), ...shardsDocument(result.cluster) };
    case "create":
      return {
        ok: true,
        command: "create",
        changed: result.outcome === "created",
        dryRun: result.outcome === "dry-run",
        ...planDocument(result.shown),
        seconds: round(result.seconds),
      };
    case "create-exists":
      return { ok: true, command: "create", changed: false, dryRun: false, ...totalsDocument(result.cluster) };
    case "moves":
      return {
        ok: true,
        command: result.command,
        changed: result.outcome === "done",
        dryRun: result.outcome === "dry-run",
        ...planDocument(result.shown),
        keysMoved: result.keysMoved ?? null,
        seconds: round(result.seconds),
      };
    case "applied":
      return {
        ok: true,
        command: "apply",
        changed: result.outcome === "done",
        dryRun: result.outcome === "dry-run",
        plan: result.plan,
        keysMoved: result.keysMoved ?? null,
        seconds: round(result.seconds),
      };
    case "changed":
      return {
        ok: true,
        command: result.shown.plan.command,
        changed: result.outcome === "done",
        dryRun: result.outcome === "dry-run",
        summary: result.summary,
        ...planDocument(result.shown),
        seconds: round(result.seconds),
      };
    case "import":
      return importDocument({ ...result, seconds: round(result.seconds) });
    case "backup":
      return backupDocument({ ...result, seconds: round(result.seconds) });
    case "backup-verify":
      return verifyDocument(result.verified);
    case "restore":
      return restoreDocument({ ...result, seconds: round(result.seconds) });
    case "wait":
      return {
        ok: true,
        command: "wait",
        condition: result.condition,
        nodes: result.nodes,
        seconds: round(result.seconds),
      };
    case "call":
      return callDocument(result);
    case "config-show":
      return configShowDocument(result);
    case "config-contexts":
      return configContextsDocument(result);
    case "config-get":
      return configGetDocument(result);
    case "config-set":
      return configSetDocument(result);
    case "keyslot":
      return keyslotDocument(result);
    case "completion":
      return { ok: true, command: "completion", shell: result.shell, script: result.script };
    case "schema-names":
      return { ok: true, command: "schema", schemas: result.names };
    case "sandbox":
      return {
        ok: result.ok,
        command: "sandbox",
        changed: result.action === "started" || result.action === "stopped",
        state: result.action === "nothing" ? "absent" : result.action === "stopped" ? "stopped" : "running",
        directory: result.directory,
        engine: result.engine,
        nodes: result.nodes.map(({ address, pid, running }) => ({ address: formatAddress(address), pid, running })),
      };
  }
}

function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}

function problemDocument(problem: Problem, cluster: Cluster): object {
  const { what, advice } = problemText(problem, cluster);
  const { kind, ...evidence } = problem;
  return { kind, severity: severityOf(problem), message: what, hint: advice, evidence };
}

function totalsDocument(cluster: Cluster): object {
  const nodes = membersOf(cluster);
  const primaries = primariesOf(cluster);
  return {
    totals: {
      nodes: nodes.length,
      reached: nodes.filter(({ view }) => view !== undefined).length,
      shards: primaries.filter(({ slots }) => slots.length > 0).length,
      slots: countSlots(unionRanges(...primaries.map(({ slots }) => slots))),
      keys: primaries.reduce((keys, { facts }) => keys + (facts === undefined ? 0 : keyCountOf(facts)), 0),
      memoryBytes: nodes.reduce((bytes, { facts }) => bytes + (facts?.usedMemoryBytes ?? 0), 0),
    },
  };
}

function shardsDocument(cluster: Cluster): object {
  const shards = shardsOf(cluster);
  const inShards = new Set(shards.flatMap(({ replicas }) => replicas));
  return {
    shards: shards.map(({ primary, replicas }) => ({
      slots: formatRanges(primary.slots),
      slotCount: slotCountOf(primary),
      primary: nodeDocument(primary),
      replicas: replicas.map(nodeDocument),
    })),
    replicasWithoutPrimary: membersOf(cluster)
      .filter((node) => node.role === "replica" && !inShards.has(node))
      .map(nodeDocument),
  };
}

function nodeDocument(node: ClusterNode): object {
  const { facts } = node;
  return {
    id: node.id,
    address: formatAddress(node.address),
    ...(node.hostname === undefined ? {} : { hostname: node.hostname }),
    ...(node.zone === undefined ? {} : { zone: node.zone }),
    role: node.role,
    health: node.health,
    reached: facts !== undefined,
    ...(node.unreachable === undefined ? {} : { unreachable: node.unreachable }),
    configEpoch: node.configEpoch,
    ...(facts === undefined
      ? {}
      : {
          engine: facts.engine,
          version: facts.version,
          clusterState: facts.clusterState,
          keys: keyCountOf(facts),
          memoryBytes: facts.usedMemoryBytes,
          replicationOffset: facts.replication.offset,
          ...(facts.replication.role === "replica" ? { linkUp: facts.replication.linkUp } : {}),
        }),
  };
}

function planDocument(shown: ShownPlan): object {
  switch (shown.kind) {
    case "create":
      return { plan: shown.plan, violations: shown.design.violations };
    case "moves":
      return { plan: shown.plan, ...movesDocument(shown.plan, shown.preview) };
    case "import":
      return { plan: importPlanDocument(shown.plan) };
    case "restore":
      return { plan: restorePlanDocument(shown.plan) };
    case "steps":
      return {
        plan: shown.plan,
        ...(shown.preview === undefined ? {} : movesDocument(shown.plan, shown.preview)),
      };
  }
}

function movesDocument(plan: Plan, preview: MovePreview): object {
  const nodes = new Map(preview.before.nodes.map(({ id, address }) => [id, formatAddress(address)]));
  return {
    moves: preview.moves.map(({ move, evidence }) => ({ ...move, slotCount: countSlots(move.slots), ...evidence })),
    totals: moveTotals(plan, preview),
    ...(preview.load === undefined ? {} : { balancedBy: preview.load.by }),
    balance: primaryBalances(preview).map(({ node, ...rest }) => ({ node, address: nodes.get(node), ...rest })),
  };
}
