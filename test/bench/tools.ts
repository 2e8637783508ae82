import { formatAddress } from "../../src/model/address.ts";
import type { TestEngine } from "../helpers/engines.ts";
import { slotctlCommand, slotctlEnvironment } from "../helpers/slotctl-program.ts";
import type { TestServer } from "../helpers/test-server.ts";
import { timeOf } from "./measure.ts";

const env = { ...slotctlEnvironment(), TERM: "dumb" };

/** Seconds that a run of slotctl takes, process start and all. */
export function slotctl(...args: readonly string[]): Promise<number> {
  return timeOf(...slotctlCommand(args), env);
}

/** The same for the engine's own redis-cli or valkey-cli with --cluster. */
export function original(engine: TestEngine, ...args: readonly string[]): Promise<number> {
  if (engine.cli === undefined) throw new Error(`${engine.name} came without its command line tool`);
  return timeOf(engine.cli, ["--cluster", ...args], env);
}

export function addressesOf(servers: readonly TestServer[]): readonly string[] {
  return servers.map(({ address }) => formatAddress(address));
}
