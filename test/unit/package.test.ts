import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

interface Locked {
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly hasInstallScript?: boolean;
}

const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };
const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8")) as { packages: Record<string, Locked> };

test("nothing is run when slotctl is installed, neither by it nor by a package that comes with it", () => {
  const ours = Object.keys(scripts).filter((name) => /^(pre|post)?(install|prepare|uninstall)$/.test(name));
  expect(ours).toEqual([]);
  const shipped = Object.entries(packages).filter(([, { dev, devOptional }]) => dev !== true && devOptional !== true);
  expect(shipped.length).toBeGreaterThan(20);
  expect(shipped.filter(([, { hasInstallScript }]) => hasInstallScript === true).map(([path]) => path)).toEqual([]);
});

test("every package that comes with slotctl has a licence that asks for no more than to be named", () => {
  const lines = execFileSync(process.execPath, ["scripts/licences.mjs"], { encoding: "utf8" }).trim().split("\n");
  expect(lines.some((line) => line.startsWith("ioredis "))).toBe(true);
  const others = lines.filter((line) => !/ {2}(MIT|ISC|BSD-2-Clause|BSD-3-Clause|Apache-2\.0)$/.test(line));
  expect(others).toEqual([]);
});
