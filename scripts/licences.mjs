// Lists every package that comes with slotctl when it is installed, with its version and licence: npm run licences.
import { readFileSync } from "node:fs";

const lock = JSON.parse(readFileSync(new URL("../package-lock.json", import.meta.url), "utf8"));
const packages = Object.entries(lock.packages)
  .filter(([path, { dev, devOptional }]) => path !== "" && dev !== true && devOptional !== true)
  .map(([path, { version, license = "unknown" }]) => [`${path.split("node_modules/").at(-1)} ${version}`, license]);
const width = Math.max(...packages.map(([name]) => name.length));
for (const [name, licence] of packages.sort()) console.log(`${name.padEnd(width)}  ${licence}`);
