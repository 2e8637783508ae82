import { test } from "vitest";
import { formatAddress } from "../../src/model/address.ts";
import { ENGINES } from "../helpers/engines.ts";
import { slotctlCommand } from "../helpers/slotctl-program.ts";
import { startCluster } from "../helpers/start-cluster.ts";
import { Key, TerminalSession } from "../helpers/terminal.ts";

test("Tab in bash completes a command, an option, an id, and an address with its colon", async () => {
  await using cluster = await startCluster(ENGINES[0]!, { a: [0, 16_383] });
  const { id, address } = cluster.nodes.a;
  const seed = formatAddress(address);
  const [file, args] = slotctlCommand([]);
  using shell = new TerminalSession("bash", ["--norc", "--noprofile", "-i"], { env: { PS1: "$ ", HISTFILE: "" } });
  await shell.waitFor("$ ");
  shell.type(`slotctl() { '${file}' '${args[0]}' "$@"; }; source <(slotctl completion bash); echo rea''dy`, Key.Enter);
  await shell.waitFor("ready");
  shell.type("slotctl failo", Key.Tab);
  await shell.waitFor("slotctl failover ");
  shell.type(`${seed} --fro`, Key.Tab);
  await shell.waitFor(`${seed} --from `);
  shell.type("127.0.0.1:", Key.Tab);
  await shell.waitFor(`${seed} `);
  shell.type(`--to ${id.slice(0, 10)}`, Key.Tab);
  await shell.waitFor(`${id} `);
});
