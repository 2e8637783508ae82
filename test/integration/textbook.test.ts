import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { formatAddress } from "../../src/model/address.ts";
import { parseNodes } from "../../src/model/parse-nodes.ts";
import { differencesOf, loadDataSet, openClient, readDataSet, Writer } from "../helpers/data-set.ts";
import { BOTH_ENDS, ENGINES } from "../helpers/engines.ts";
import { scratchDirectory } from "../helpers/scratch.ts";
import { slotctlCommand, slotctlEnvironment } from "../helpers/slotctl-program.ts";
import { startServers } from "../helpers/start-servers.ts";
import type { TestServer } from "../helpers/test-server.ts";

/** What the tutorials do, with a pause after every line there and none here. */
const CREATE = 'slotctl create "$A" "$B" "$C" "$D" "$E" "$F" --replicas 1 --yes';
const WALK = `
  slotctl add-node "$A" "$NEW" --dry-run --plan-out "$PLANS/add.json"
  slotctl apply "$PLANS/add.json" --yes
  slotctl add-node "$B" "$COPY" --replica-of "$NEW" --yes
  slotctl reshard "$COPY" --from all --to "$NEW" --slots 4096 --yes
  slotctl check "$NEW"
  slotctl rebalance "$C" --weight "$NEW=0" --yes
  slotctl del-node "$A" "$COPY" --dry-run --plan-out "$PLANS/remove.json"
  slotctl apply "$PLANS/remove.json" --yes
  slotctl del-node "$A" "$NEW" --yes
  slotctl check "$A"`;

/** The same in the words of redis-cli, as scripts have them that were written for it. */
const DROP_IN_WALK = `
  slotctl --cluster add-node "$NEW" "$A"
  slotctl --cluster add-node "$COPY" "$B" --cluster-slave --cluster-master-id "$NEW_ID"
  slotctl --cluster reshard "$COPY" --cluster-from all --cluster-to "$NEW_ID" --cluster-slots 4096 --cluster-yes
  slotctl --cluster check "$NEW"
  slotctl --cluster rebalance "$C" --cluster-weight "$NEW_ID=0"
  slotctl --cluster del-node "$A" "$COPY_ID"
  slotctl --cluster del-node "$A" "$NEW_ID"
  slotctl --cluster check "$A"`;

const NAMES = ["A", "B", "C", "D", "E", "F", "NEW", "COPY"];

async function runScript(script: string, variables: Readonly<Record<string, string>>) {
  const [node, program] = slotctlCommand([]);
  const lines = ["set -eux", 'slotctl() { "$NODE" "$PROGRAM" "$@" </dev/null; }', script];
  const env = { ...slotctlEnvironment(variables), NODE: node, PROGRAM: program[0]! };
  const shell = spawn("sh", ["-c", lines.join("\n")], { env, stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise<number | null>((resolve) => void shell.once("close", resolve));
  const [stdout, stderr, code] = await Promise.all([text(shell.stdout), text(shell.stderr), ended]);
  return { code, stdout, stderr };
}

async function runOk(script: string, variables: Readonly<Record<string, string>>): Promise<string> {
  const { code, stdout, stderr } = await runScript(script, variables);
  expect(code, `${stdout}\n${stderr}`).toBe(0);
  return stdout;
}

async function viewOf(server: TestServer) {
  return parseNodes(String(await server.call("CLUSTER", "NODES")));
}

/** The words of redis-cli are the same executor once more: the oldest and the newest engine will do. */
const WALKS = [
  ...ENGINES.map((engine) => ({ name: engine.name, words: "slotctl", engine, walk: WALK })),
  ...BOTH_ENDS.map((engine) => ({ name: engine.name, words: "redis-cli", engine, walk: DROP_IN_WALK })),
];

test.each(WALKS)(
  "on $name, in the words of $words, a shell script walks through the textbook without a sleep, and no write is lost",
  async ({ engine, walk }) => {
    await using servers = await startServers(engine, { count: NAMES.length });
    const [added, copy] = servers.slice(-2) as [TestServer, TestServer];
    const addresses = Object.fromEntries(servers.map(({ address }, i) => [NAMES[i]!, formatAddress(address)]));
    const [NEW_ID, COPY_ID] = (await Promise.all([added, copy].map((server) => server.call("CLUSTER", "MYID")))) as [
      string,
      string,
    ];
    using plans = scratchDirectory("plans");
    const variables = { ...addresses, NEW_ID, COPY_ID, PLANS: plans.path };
    await runOk(CREATE, variables);
    const client = openClient(servers.slice(0, 6).map(({ address }) => address));
    const keys = await loadDataSet(client, 300);
    const before = await readDataSet(client, keys);
    const writer = new Writer(client, { writers: 2 });

    await runOk(walk, variables);
    expect(await writer.lost()).toEqual([]);
    expect(differencesOf(before, await readDataSet(client, keys))).toEqual([]);
    client.disconnect();
    for (const gone of [added, copy]) expect((await viewOf(gone)).lines).toHaveLength(1);
    for (const member of servers.slice(0, 6)) expect((await viewOf(member)).lines).toHaveLength(6);
  },
);
