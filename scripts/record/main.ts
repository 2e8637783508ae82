import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ENGINES } from "../../test/helpers/engines.ts";
import { runSlotctl } from "../../test/helpers/run-slotctl.ts";
import { scratchDirectory } from "../../test/helpers/scratch.ts";
import { openSlotctl } from "../../test/helpers/terminal.ts";
import { type Frame, lastFrame, linesHalfWay, textOf } from "./frames.ts";
import { loadKeys } from "./load-keys.ts";
import { svgOf } from "./svg.ts";

/** Plays the commands that a newcomer would type, in a terminal of 80 columns, and draws what stood there. */

const COLUMNS = 80;
const PORT = 7000;
const KEYS = 300_000;

const scratch = scratchDirectory("record");
const directory = join(scratch.path, "sandbox");
const seed = `127.0.0.1:${PORT}`;
const nodes = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, i) => `127.0.0.1:${PORT + first + i}`);

const engine = ENGINES.find(({ name }) => name === "valkey-8.1") ?? ENGINES[0]!;
const env = { REDIS_SERVER: engine.server };
await succeed(["sandbox", "start", "--nodes", "7", "--base-port", String(PORT), "--directory", directory]);
try {
  const frames: Frame[] = [];
  frames.push(
    ...(await play(`create 127.0.0.1:{${PORT}..${PORT + 5}} --replicas 1 --yes`, [
      "create",
      ...nodes(0, 5),
      "--replicas",
      "1",
      "--yes",
    ])),
  );
  await loadKeys(nodes(0, 5), KEYS);
  const grow = `add-node ${seed} 127.0.0.1:${PORT + 6} --rebalance`;
  frames.push(...(await play(grow, [...grow.split(" ")], { answer: "y", live: true })));
  frames.push(...(await play(`check ${seed}`, ["check", seed])));
  writeFileSync("docs/recording.svg", svgOf(frames, COLUMNS));
} finally {
  await succeed(["sandbox", "stop", "--directory", directory]);
  scratch[Symbol.dispose]();
}

interface Scene {
  /** What is typed at the question. */
  readonly answer?: string;
  /** It shows how far it is, and a moment half way is drawn as well. */
  readonly live?: boolean;
}

/** Runs one command line in a terminal, as a person would see it. */
async function play(
  typed: string,
  args: readonly string[],
  { answer, live = false }: Scene = {},
): Promise<readonly Frame[]> {
  using session = openSlotctl(args, { env, columns: COLUMNS, rows: 50 });
  if (answer !== undefined) {
    await session.waitFor("(y/N)", { within: 60_000 });
    session.type(answer, "\r");
  }
  const code = await session.exitCode;
  if (code !== 0) throw new Error(`slotctl ${typed} ended with ${code}:\n${session.text}`);
  const frame = await lastFrame(session.raw, `slotctl ${typed}`, COLUMNS);
  const moment = live ? await linesHalfWay(session.raw, COLUMNS) : undefined;
  return moment === undefined ? [frame] : interrupted(frame, moment);
}

/** First what stood there half way, then what came after all that had been there before. */
function interrupted(frame: Frame, moment: Frame["lines"]): readonly Frame[] {
  const same = moment.findIndex((line, i) => textOf(line) !== textOf(frame.lines[i] ?? []));
  return [
    { prompt: frame.prompt, lines: moment },
    { prompt: undefined, lines: frame.lines.slice(same) },
  ];
}

async function succeed(args: readonly string[]): Promise<void> {
  const { code, stderr } = await runSlotctl(args, { env });
  if (code !== 0) throw new Error(`slotctl ${args.join(" ")} ended with ${code}: ${stderr}`);
}
