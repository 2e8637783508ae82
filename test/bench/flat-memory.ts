import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { ENGINES, type TestEngine } from "../helpers/engines.ts";
import { slotctlCommand, slotctlEnvironment } from "../helpers/slotctl-program.ts";
import { loadKeys, startGrownCluster } from "./grown-cluster.ts";
import { row } from "./report.ts";
import { addressesOf } from "./tools.ts";

const KEYS = 6_700_000;
/** Three quarters of all slots, and so of all keys: 5 millions. */
const SLOTS = 12_288;

/** The most memory that a long move took. */
export async function flatMemory(engine: TestEngine = ENGINES[0]!): Promise<void> {
  await using cluster = await startGrownCluster(engine);
  await loadKeys(cluster, KEYS, 10);
  const [seed] = addressesOf(cluster.members);
  const peak = await peakMegabytes("reshard", seed!, "--to", cluster.nodes.d.id, "--slots", String(SLOTS), "--yes");
  row("memory while moving 5 million keys", `${peak.toFixed(0)} MB`, "-", "-", "< 150 MB");
}

/** The kernel's own high-water mark, read as long as the process is there. */
function peakMegabytes(...args: readonly string[]): Promise<number> {
  const [file, words] = slotctlCommand(args);
  const child = spawn(file, words, { env: slotctlEnvironment(), stdio: "ignore" });
  let peak = 0;
  const look = () => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
      peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
    } catch {
      // It has just ended.
    }
  };
  const timer = setInterval(look, 20);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      clearInterval(timer);
      if (code === 0) resolve(peak);
      else reject(new Error(`slotctl ${args.join(" ")} ended with ${code}`));
    });
  });
}
