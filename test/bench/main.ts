import { atomicMoves } from "./atomic-moves.ts";
import { checking } from "./checking.ts";
import { creating } from "./creating.ts";
import { fixing } from "./fixing.ts";
import { flatMemory } from "./flat-memory.ts";
import { importing } from "./importing.ts";
import { emptyMoves, loadedMoves } from "./moves.ts";
import { planning } from "./planning.ts";
import { heading } from "./report.ts";
import { startUp } from "./start-up.ts";

/** Figures beside redis-cli's in the same run. Nothing here fails for being slow: the numbers are for reading. */

const SECTIONS: Readonly<Record<string, () => void | Promise<void>>> = {
  "start-up": startUp,
  planning,
  create: () => creating(),
  check: () => checking(),
  empty: () => emptyMoves(),
  keys: () => loadedMoves({ delayed: false }),
  latency: () => loadedMoves({ delayed: true }),
  atomic: () => atomicMoves(),
  memory: () => flatMemory(),
  fix: () => fixing(),
  import: () => importing(),
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(SECTIONS, name));
if (unknown.length > 0) throw new Error(`There is ${Object.keys(SECTIONS).join(", ")}; not ${unknown.join(", ")}`);
heading();
for (const [name, section] of Object.entries(SECTIONS)) {
  if (asked.length === 0 || asked.includes(name)) await section();
}
