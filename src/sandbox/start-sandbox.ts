import { mkdirSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { SlotctlError } from "../errors.ts";
import type { Patience } from "../node/wait-until.ts";
import { directoryInUse, directoryUnusable, sandboxRunning } from "./failures.ts";
import type { ServerBinary } from "./find-server.ts";
import { anySearchedPort, claimPorts, findFreePorts } from "./ports.ts";
import { CONNECT, describe, nodeDirectory, type Sandbox, sandboxStatus, stopSandbox } from "./sandbox.ts";
import { baseSettings, clusterSettings, type Settings } from "./server-config.ts";
import { endServers, launchServer, type RunningServer, waitUntilAnswers } from "./server-process.ts";
import { claimDirectory, type NodeState, type SandboxState, writeState } from "./state.ts";

export interface SandboxRequest {
  /** Made when it is not there. Each server gets a directory in it, named after its port. */
  readonly directory: string;
  readonly nodes: number;
  /** The first port; without it free ones are found. */
  readonly basePort?: number | undefined;
  readonly server: ServerBinary;
  /** An address of this machine; 127.0.0.1 when it is not said. */
  readonly host?: string | undefined;
  /** Directives for redis.conf, on top of ours and stronger than they. */
  readonly settings?: Settings | undefined;
  /** Milliseconds for the servers to answer; 10,000 when it is not said. */
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const NODE_TIMEOUT_MS = 2_000;
const START_TIMEOUT_MS = 10_000;

/**
 * Starts the servers and waits until each of them answers. They go on when we end; stopSandbox finds them again even
 * when we are killed half way. When one cannot be started, or the signal aborts, all are stopped.
 * @throws SlotctlError SANDBOX_RUNNING, PORT_IN_USE, SERVER_START_FAILED …; the signal's reason
 */
export async function startSandbox(request: SandboxRequest): Promise<Sandbox> {
  const directory = resolve(request.directory);
  await clearRemains(directory);
  const { nodes, basePort, host = "127.0.0.1" } = request;
  const ports =
    basePort === undefined
      ? await findFreePorts(host, nodes, anySearchedPort())
      : await claimPorts(host, basePort, nodes);
  const draft = await openDraft(directory, host, request);
  try {
    await startNodes(draft, ports);
  } catch (error) {
    // What went wrong first is what counts; if stopping fails too, the state file is still there.
    await stopSandbox(directory).catch(() => undefined);
    throw error;
  }
  return describe(directory, stateOf(draft));
}

/** What is left of a sandbox that died, with the machine perhaps, is in nobody's way. */
async function clearRemains(directory: string): Promise<void> {
  const sandbox = await sandboxStatus(directory);
  const running = sandbox?.nodes.filter((node) => node.running).map(({ address }) => address) ?? [];
  if (running.length > 0) throw sandboxRunning(directory, running);
  await stopSandbox(directory);
}

/** A sandbox that is being started. */
interface Draft {
  readonly request: SandboxRequest;
  readonly directory: string;
  readonly empty: SandboxState;
  /** By port. Grows with every server, and is written down each time. */
  readonly nodes: Map<number, NodeState>;
}

function stateOf({ empty, nodes }: Draft): SandboxState {
  return { ...empty, nodes: [...nodes.values()].sort((a, b) => a.port - b.port) };
}

async function openDraft(directory: string, host: string, request: SandboxRequest): Promise<Draft> {
  const { engine } = request.server;
  try {
    const ownsDirectory = mkdirSync(directory, { recursive: true }) !== undefined;
    const empty = { engine, host, created: new Date().toISOString(), ownsDirectory, nodes: [] };
    if (claimDirectory(directory, empty)) return { request, directory, empty, nodes: new Map() };
  } catch (cause) {
    throw directoryUnusable(directory, cause);
  }
  // Another start was quicker by the time it took to find the ports.
  throw sandboxRunning(directory, (await sandboxStatus(directory))?.nodes.map(({ address }) => address) ?? []);
}

/** All at once. The first failure ends the waiting for the others, but only when nothing is being started any more. */
async function startNodes(draft: Draft, ports: readonly number[]): Promise<void> {
  const { timeout = START_TIMEOUT_MS, signal = new AbortController().signal } = draft.request;
  const failure = new AbortController();
  const patience = { timeout, signal: AbortSignal.any([signal, failure.signal]) };
  await Promise.allSettled(
    ports.map((port) => startNode(draft, port, patience).catch((error: unknown) => failure.abort(error))),
  );
  failure.signal.throwIfAborted();
}

const PORT_ATTEMPTS = 5;

async function startNode(draft: Draft, port: number, patience: Patience, attempts = PORT_ATTEMPTS): Promise<void> {
  patience.signal.throwIfAborted();
  const server = await launchNode(draft, port);
  try {
    await waitUntilAnswers(server, CONNECT, patience);
  } catch (error) {
    const isPortLost = error instanceof SlotctlError && error.code === "PORT_IN_USE";
    if (!isPortLost || draft.request.basePort !== undefined || attempts === 1) throw error;
    forgetNode(draft, port);
    const [another] = await findFreePorts(draft.empty.host, 1, anySearchedPort());
    await startNode(draft, another!, patience, attempts - 1);
  }
}

async function launchNode(draft: Draft, port: number): Promise<RunningServer> {
  const { request, empty } = draft;
  const directory = nodeDirectory(draft.directory, port);
  makeDirectory(directory);
  const settings = {
    ...baseSettings({ directory, host: empty.host, port, engine: empty.engine }),
    ...clusterSettings(NODE_TIMEOUT_MS),
    ...request.settings,
  };
  try {
    const process = await launchServer({ binary: request.server.path, directory, settings });
    const server = { address: { host: empty.host, port }, directory, process };
    await record(draft, server);
    return server;
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

/** A server that cannot be written down, on a full disk say, would never be found again. */
async function record(draft: Draft, server: RunningServer): Promise<void> {
  draft.nodes.set(server.address.port, { port: server.address.port, ...server.process });
  try {
    writeState(draft.directory, stateOf(draft));
  } catch (cause) {
    draft.nodes.delete(server.address.port);
    await endServers([server]);
    throw directoryUnusable(draft.directory, cause);
  }
}

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory);
  } catch (cause) {
    const exists = cause instanceof Error && "code" in cause && cause.code === "EEXIST";
    throw exists ? directoryInUse(directory, cause) : directoryUnusable(directory, cause);
  }
}

function forgetNode(draft: Draft, port: number): void {
  draft.nodes.delete(port);
  writeState(draft.directory, stateOf(draft));
  rmSync(nodeDirectory(draft.directory, port), { recursive: true, force: true });
}
