import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadPlan, savePlan } from "../../../src/commands/plan-file.ts";
import type { Plan } from "../../../src/plan/plan.ts";
import { idOf } from "../../helpers/cluster-builder.ts";
import { scratchDirectory } from "../../helpers/scratch.ts";

const NODE = { id: idOf("a"), address: { host: "10.0.0.1", port: 7000 } };

const PLAN: Plan = {
  schemaVersion: 1,
  command: "create",
  madeFor: NODE.id,
  steps: [{ kind: "add-slots", node: NODE, slots: "0-16383" }],
  reasons: [],
  warnings: ["fewer than three primaries: no automatic failover"],
  expected: [{ primary: NODE, slots: "0-16383", replicas: [] }],
};

const TEXT = `${JSON.stringify(PLAN, undefined, 2)}\n`;

async function* streamOf(...chunks: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield typeof chunk === "string" ? Buffer.from(chunk) : chunk;
}

test("what is saved is loaded again", async () => {
  using folder = scratchDirectory();
  const file = join(folder.path, "plan.json");
  await savePlan(PLAN, file);
  expect(readFileSync(file, "utf8")).toBe(TEXT);
  expect(await loadPlan(file)).toEqual(PLAN);
});

test("what is saved is for its owner only, in place of what was there, with nothing left beside it", async () => {
  using folder = scratchDirectory();
  const file = join(folder.path, "plan.json");
  writeFileSync(file, "something longer than a plan ".repeat(100));
  chmodSync(file, 0o644);
  await savePlan(PLAN, file);
  expect(readFileSync(file, "utf8")).toBe(TEXT);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder.path)).toEqual(["plan.json"]);
});

test("a link is followed, and stays a link", async () => {
  using folder = scratchDirectory();
  const [file, link] = [join(folder.path, "plan.json"), join(folder.path, "link")];
  writeFileSync(file, "");
  symlinkSync(file, link);
  await savePlan(PLAN, link);
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(readFileSync(file, "utf8")).toBe(TEXT);
});

test("a device stays a device", async () => {
  await savePlan(PLAN, "/dev/null");
  expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
});

test("fields that are none of a plan's are not written", async () => {
  using folder = scratchDirectory();
  const file = join(folder.path, "plan.json");
  const step = { ...PLAN.steps[0]!, password: "hunter2" };
  await savePlan(Object.assign({}, PLAN, { steps: [step], password: "hunter2" }), file);
  expect(readFileSync(file, "utf8")).toBe(TEXT);
});

test("a plan that cannot be written is an error, and leaves nothing", async () => {
  using folder = scratchDirectory();
  mkdirSync(join(folder.path, "directory"));
  await expect(savePlan(PLAN, join(folder.path, "no", "plan.json"))).rejects.toMatchObject({
    code: "PLAN_NOT_SAVED",
    exitCode: 1,
    message: `Cannot write the plan to ${join(folder.path, "no", "plan.json")}: ENOENT: no such file or directory`,
  });
  await expect(savePlan(PLAN, join(folder.path, "directory"))).rejects.toMatchObject({ code: "PLAN_NOT_SAVED" });
  const unreadable = { ...PLAN, madeFor: 7 } as unknown as Plan;
  await expect(savePlan(unreadable, join(folder.path, "plan.json"))).rejects.toMatchObject({ code: "PLAN_NOT_SAVED" });
  expect(existsSync(join(folder.path, "plan.json"))).toBe(false);
  expect(readdirSync(folder.path)).toEqual(["directory"]);
});

test("- is standard input, in whatever pieces it comes", async () => {
  const umlaut = Buffer.from(TEXT.replace("fewer", "für"));
  const cut = umlaut.indexOf(0xc3) + 1;
  const plan = await loadPlan("-", streamOf(umlaut.subarray(0, cut), umlaut.subarray(cut)));
  expect(plan).toEqual({ ...PLAN, warnings: ["für than three primaries: no automatic failover"] });
});

test("a byte order mark is no part of the plan", async () => {
  expect(await loadPlan("-", streamOf("\ufeff", TEXT))).toEqual(PLAN);
});

test.each([
  ["damaged", streamOf(TEXT.slice(0, 100)), "it is not complete: it breaks off"],
  ["wrong in one place", streamOf(TEXT.replace("add-slots", "eat")), "steps[0].kind is "],
  ["a newer slotctl's", streamOf(TEXT.replace(": 1,", ": 2,")), "a newer slotctl wrote it"],
  ["UTF-16", streamOf(Buffer.from(`\ufeff${TEXT}`, "utf16le")), "it is not UTF-8 text"],
  ["without end", endless(), "it is larger than 64 MiB"],
])("a plan that is %s is an error", async (_, stdin, why) => {
  await expect(loadPlan("-", stdin)).rejects.toMatchObject({
    code: "PLAN_INVALID",
    exitCode: 2,
    message: expect.stringContaining(`There is no usable plan in standard input: ${why}`),
    hint: expect.stringContaining("Nothing was changed"),
  });
});

async function* endless(): AsyncGenerator<Uint8Array> {
  for (const zeros = new Uint8Array(1024 * 1024); ; ) yield zeros;
}

test("a plan that cannot be read is an error", async () => {
  using folder = scratchDirectory();
  const missing = join(folder.path, "plan.json");
  await expect(loadPlan(missing)).rejects.toMatchObject({
    code: "PLAN_UNREADABLE",
    exitCode: 2,
    message: `Cannot read the plan from ${missing}: ENOENT: no such file or directory`,
    hint: expect.stringContaining("--plan-out"),
  });
  await expect(loadPlan(folder.path)).rejects.toMatchObject({ code: "PLAN_UNREADABLE" });
});
