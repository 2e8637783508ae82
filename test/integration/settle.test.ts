import { expect, test } from "vitest";
import { formatAddress } from "../../src/model/address.ts";
import { resp } from "../helpers/resp.ts";
import { runSlotctl } from "../helpers/run-slotctl.ts";
import { type ScriptedServer, scriptOf, startScriptedServer } from "../helpers/scripted-server.ts";

const A = "a".repeat(40);
const B = "b".repeat(40);

/** How often it was asked for its view before the other one's map is its own. */
const LOOKS_BEFORE_IT_AGREES = 3;

/** Two nodes of which the second gives slot 5 to the wrong one for its first few answers: gossip on its way, on cue. */
async function startPair(settles: boolean): Promise<readonly [ScriptedServer, ScriptedServer]> {
  const ports: number[] = [];
  let looks = 0;
  const line = (id: string, me: string, port: number | undefined, slots: string) =>
    `${id} 127.0.0.1:${port}@${17_000} ${id === me ? "myself," : ""}master - 0 0 ${id === A ? 1 : 2} connected ${slots}\n`;
  const nodes = (me: string) => {
    if (me === B) looks++;
    const isLate = me === B && !(settles && looks > LOOKS_BEFORE_IT_AGREES);
    const [ofA, ofB] = isLate ? ["0-4", "5-16383"] : ["0-5", "6-16383"];
    return resp.bulk(line(A, me, ports[0], ofA) + line(B, me, ports[1], ofB));
  };
  const script = (me: string) =>
    scriptOf({
      INFO: resp.bulk("redis_version:7.0.15\r\nredis_mode:cluster\r\nrole:master\r\n"),
      "CLUSTER NODES": () => nodes(me),
      "CLUSTER INFO": resp.bulk("cluster_state:ok\r\n"),
      "FUNCTION LIST": resp.array([]),
      "CONFIG GET CLUSTER-NODE-TIMEOUT": resp.array([resp.bulk("cluster-node-timeout"), resp.bulk("5000")]),
      "CONFIG GET": resp.array([]),
    });
  const servers = [await startScriptedServer(script(A)), await startScriptedServer(script(B))] as const;
  ports.push(...servers.map(({ port }) => port));
  return servers;
}

test("a disagreement that passes within the settle window is waited out", async () => {
  const [a, b] = await startPair(true);
  await using _a = a;
  await using _b = b;
  const run = await runSlotctl(["check", formatAddress(a.address)]);
  expect(run.stdout).not.toContain("disagree");
  expect(run.code).toBe(0);
});

test("with --no-wait it is reported as it stands", async () => {
  const [a, b] = await startPair(true);
  await using _a = a;
  await using _b = b;
  const run = await runSlotctl(["check", formatAddress(a.address), "--no-wait", "-o", "json"]);
  expect(run.stdout).toContain("disagrees with the others: slot 5 given to");
  expect(run.code).toBe(3);
});

test("one that stays is an error once the window is over", async () => {
  const [a, b] = await startPair(false);
  await using _a = a;
  await using _b = b;
  const run = await runSlotctl(["check", formatAddress(a.address), "--settle", "500ms"]);
  expect(run.stdout).toContain("disagrees with the others");
  expect(run.code).toBe(3);
});
