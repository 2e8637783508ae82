import { cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SlotctlError } from "../../src/errors.ts";
import { type Address, busPortOf, formatAddress } from "../../src/model/address.ts";
import { type ConnectSettings, connect } from "../../src/node/connect.ts";
import type { Command, Node, Outcome, Reply } from "../../src/node/node.ts";
import { ServerError } from "../../src/node/node.ts";
import { isAlive, isPaused, type ProcessIdentity } from "../../src/sandbox/process-identity.ts";
import { LOG_FILE, type Settings } from "../../src/sandbox/server-config.ts";
import { launchServer, waitUntilAnswers } from "../../src/sandbox/server-process.ts";
import { eventually } from "./eventually.ts";
import { removeTree } from "./scratch.ts";

export interface ServerPlan {
  readonly binary: string;
  readonly address: Address;
  /** Made by start; nobody else's. */
  readonly directory: string;
  readonly settings: Settings;
  readonly args: readonly string[];
  readonly connectSettings: ConnectSettings;
}

const START_TIMEOUT_MS = 20_000;

/** A real server, ours to call, to pause and to kill. It and its files are gone when it is disposed of. */
export class TestServer implements AsyncDisposable {
  readonly address: Address;
  readonly host: string;
  readonly port: number;
  readonly busPort: number;
  readonly directory: string;
  /** How to connect to it: TLS and login included. */
  readonly connectSettings: ConnectSettings;
  readonly #plan: ServerPlan;
  #process: ProcessIdentity | undefined;
  #node: Promise<Node> | undefined;

  constructor(plan: ServerPlan) {
    this.address = plan.address;
    this.host = plan.address.host;
    this.port = plan.address.port;
    this.busPort = busPortOf(plan.address);
    this.directory = plan.directory;
    this.connectSettings = plan.connectSettings;
    this.#plan = plan;
  }

  get pid(): number {
    if (this.#process === undefined) throw new Error(`${this} was never started`);
    return this.#process.pid;
  }

  get isRunning(): boolean {
    return this.#process !== undefined && isAlive(this.#process);
  }

  /** Starts it, and waits until it answers. */
  async start(): Promise<void> {
    mkdirSync(this.directory, { recursive: true });
    const process = await launchServer(this.#plan);
    this.#process = process;
    alive.add(process);
    const patience = { timeout: START_TIMEOUT_MS, signal: new AbortController().signal };
    const answered = waitUntilAnswers({ ...this.#plan, process }, this.connectSettings, patience);
    await answered.catch((error: unknown) => {
      throw error instanceof SlotctlError ? withDetails(error) : error;
    });
  }

  /** Sends one command over a connection that is kept for the next. A refusal is thrown as ServerError. */
  async call(...command: Command): Promise<Reply> {
    return this.#through((node) => node.send(...command));
  }

  /** Sends all in one write, and throws the first refusal. */
  async callAll(commands: readonly Command[]): Promise<readonly Reply[]> {
    const outcomes = await this.#through((node) => node.sendAll(commands));
    return outcomes.map(replyOf);
  }

  async #through<Result>(use: (node: Node) => Promise<Result>): Promise<Result> {
    this.#node ??= connect(this.address, this.connectSettings);
    try {
      return await use(await this.#node);
    } catch (error) {
      if (error instanceof SlotctlError) this.#disconnect();
      throw error;
    }
  }

  #disconnect(): void {
    this.#node?.then(
      (node) => node.close(),
      () => undefined,
    );
    this.#node = undefined;
  }

  /** Ends it, and waits until it is gone. Its files stay, so that it can be started again. */
  async kill(signal: "SIGKILL" | "SIGTERM" = "SIGKILL"): Promise<void> {
    this.#disconnect();
    this.#signal(signal);
    await eventually(() => {
      if (this.isRunning) throw new Error(`${this} still runs after ${signal}`);
    });
    if (this.#process !== undefined) alive.delete(this.#process);
  }

  /** Ends it and starts it again at the same address, with the files that it left. */
  async restart(signal: "SIGKILL" | "SIGTERM" = "SIGTERM"): Promise<void> {
    await this.kill(signal);
    await this.start();
  }

  /** It keeps its connections, and accepts new ones, but answers nothing until it is resumed. */
  async pause(): Promise<void> {
    this.#signal("SIGSTOP");
    await eventually(() => {
      if (!isPaused({ pid: this.pid, startedAt: undefined })) throw new Error(`${this} does not stop`);
    });
  }

  resume(): void {
    this.#signal("SIGCONT");
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.isRunning) process.kill(this.pid, signal);
  }

  /** What it logged so far. */
  log(): string {
    return readFileSync(join(this.directory, LOG_FILE), "utf8");
  }

  toString(): string {
    return `server ${formatAddress(this.address)}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    keepLog(this);
    removeTree(this.directory);
  }
}

/** SLOTCTL_TEST_LOGS names a directory for the logs of all servers: to find out what happened between them. */
function keepLog({ directory }: TestServer): void {
  const kept = process.env.SLOTCTL_TEST_LOGS;
  if (kept === undefined || !existsSync(join(directory, LOG_FILE))) return;
  const [cluster, server] = directory.split("/").slice(-2);
  mkdirSync(join(kept, cluster!), { recursive: true });
  cpSync(join(directory, LOG_FILE), join(kept, cluster!, `${server}.log`));
}

/** A failed test shows the message only, and the server's log is what one wants to see. */
function withDetails(error: SlotctlError): SlotctlError {
  return new SlotctlError([error.message, ...error.details].join("\n  "), error);
}

function replyOf(outcome: Outcome): Reply {
  if (outcome instanceof ServerError) throw outcome;
  return outcome;
}

/** Where there is no /proc, the guard of the scratch directory finds nothing to kill. */
const alive = new Set<ProcessIdentity>();
process.on("exit", () => {
  for (const server of alive) if (isAlive(server)) process.kill(server.pid, "SIGKILL");
});
