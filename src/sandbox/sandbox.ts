import { rmdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Address } from "../model/address.ts";
import type { ConnectSettings } from "../node/connect.ts";
import { mapConcurrently } from "../survey/map-concurrently.ts";
import type { Engine } from "./find-server.ts";
import { isAlive } from "./process-identity.ts";
import { answersAs, endServers, type RunningServer } from "./server-process.ts";
import { type NodeState, readState, type SandboxState, STATE_FILE } from "./state.ts";

/** Servers in cluster mode that know nothing of each other, started to be thrown away. */
export interface Sandbox {
  readonly directory: string;
  readonly engine: Engine;
  readonly host: string;
  readonly nodes: readonly SandboxNode[];
}

export interface SandboxNode {
  readonly address: Address;
  readonly pid: number;
  readonly running: boolean;
}

/** A server of ours sits on this machine: when it has not answered by then, the next look may find it ready. */
export const CONNECT: ConnectSettings = { connectTimeout: 2_000, commandTimeout: 2_000 };

/**
 * The sandbox of that directory, and which of its servers still run; undefined when there is none.
 * @throws SlotctlError when its state file cannot be understood
 */
export async function sandboxStatus(directory: string): Promise<Sandbox | undefined> {
  const state = readState(resolve(directory));
  return state === undefined ? undefined : describe(resolve(directory), state);
}

/** A sandbox as its state file has it, and which of its servers still run. */
export async function describe(directory: string, { engine, host, nodes }: SandboxState): Promise<Sandbox> {
  return { directory, engine, host, nodes: await mapConcurrently(nodes, 16, (node) => describeNode(host, node)) };
}

async function describeNode(host: string, node: NodeState): Promise<SandboxNode> {
  return { address: { host, port: node.port }, pid: node.pid, running: await isOurs(host, node) };
}

/** A pid alone proves nothing: after a crash or a reboot it may be anybody's. */
async function isOurs(host: string, { port, ...process }: NodeState): Promise<boolean> {
  if (!isAlive(process)) return false;
  return process.startedAt !== undefined || answersAs({ host, port }, process.pid, CONNECT);
}

export type StopOutcome =
  | { readonly kind: "nothing-there" }
  /** `sandbox` as it was before: `running` tells which servers had to be stopped. */
  | { readonly kind: "stopped"; readonly sandbox: Sandbox };

/**
 * Stops the servers of a sandbox and removes what it made. Can be repeated; a server that died before is no obstacle,
 * and a process that merely has its pid is left alone.
 * @throws SlotctlError when a server cannot be stopped; then everything stays for another try
 */
export async function stopSandbox(directory: string): Promise<StopOutcome> {
  const root = resolve(directory);
  const state = readState(root);
  if (state === undefined) return { kind: "nothing-there" };
  const sandbox = await describe(root, state);
  await endServers(runningServers(sandbox, state));
  removeFiles(root, state);
  return { kind: "stopped", sandbox };
}

function runningServers({ directory, nodes }: Sandbox, state: SandboxState): readonly RunningServer[] {
  return nodes.flatMap(({ address, running }, i) => {
    const { pid, startedAt } = state.nodes[i]!;
    const server = { address, directory: nodeDirectory(directory, address.port), process: { pid, startedAt } };
    return running ? [server] : [];
  });
}

/** The state file last: as long as anything is left, so is the way to remove it. */
function removeFiles(directory: string, { nodes, ownsDirectory }: SandboxState): void {
  for (const { port } of nodes) rmSync(nodeDirectory(directory, port), { recursive: true, force: true });
  rmSync(join(directory, `${STATE_FILE}.new`), { force: true });
  rmSync(join(directory, STATE_FILE), { force: true });
  if (ownsDirectory) removeIfEmpty(directory);
}

function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // Somebody keeps other files there: they stay, and so does the directory.
  }
}

/** Where the server with that port has its files. */
export function nodeDirectory(directory: string, port: number): string {
  return join(directory, String(port));
}
