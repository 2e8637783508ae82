import { join } from "node:path";
import { expect, test } from "vitest";
import { ENGINES } from "../helpers/engines.ts";
import { processesIn } from "../helpers/processes-in.ts";
import { runSlotctl } from "../helpers/run-slotctl.ts";
import { scratchDirectory } from "../helpers/scratch.ts";

test("sandbox start, status and stop from the shell, with a cluster made of it in between", async () => {
  using folder = scratchDirectory("sandbox");
  const directory = ["--directory", join(folder.path, "sb")];
  const env = { REDIS_SERVER: ENGINES[0]!.server };
  const started = await runSlotctl(["sandbox", "start", "--nodes", "3", "--addresses", ...directory], { env });
  expect(started).toMatchObject({ code: 0, stderr: "" });
  const addresses = started.stdout.trim().split(" ");
  expect(addresses).toHaveLength(3);
  expect((await runSlotctl(["sandbox", "start", ...directory], { env })).stderr).toContain("error:");

  expect(await runSlotctl(["create", ...addresses, "--yes"])).toMatchObject({ code: 0 });
  const status = await runSlotctl(["sandbox", "status", "-o", "json", ...directory]);
  expect(JSON.parse(status.stdout)).toMatchObject({ ok: true, state: "running", nodes: [{ running: true }, {}, {}] });

  expect(await runSlotctl(["sandbox", "stop", ...directory])).toMatchObject({ code: 0 });
  expect(processesIn(folder.path)).toEqual([]);
  expect(await runSlotctl(["sandbox", "stop", ...directory])).toMatchObject({ code: 0 });
  const gone = await runSlotctl(["sandbox", "status", "-o", "json", ...directory]);
  expect(JSON.parse(gone.stdout)).toMatchObject({ ok: false, state: "absent" });
  expect(gone.code).toBe(1);
});
