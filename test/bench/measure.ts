import { spawn } from "node:child_process";

/** Runs a program to its end and returns how long that took, in seconds. */
export function timeOf(file: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<number> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    let said = "";
    const child = spawn(file, [...args], { env, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        said = `${said}${chunk}`.slice(-2000);
      });
    }
    child.once("error", reject);
    child.once("close", (code) => {
      const seconds = (performance.now() - started) / 1000;
      if (code === 0) resolve(seconds);
      else reject(new Error(`${file} ${args.join(" ")} ended with ${code}:\n${said}`));
    });
  });
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.ceil((sorted.length - 1) / 2)]!) / 2;
}

/** Takes turns, A B A B …, so that both meet the same noise, and returns the median of each. */
export async function takeTurns(
  rounds: number,
  a: () => Promise<number>,
  b: () => Promise<number>,
): Promise<readonly [number, number]> {
  const times: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    times[0].push(await a());
    times[1].push(await b());
  }
  return [median(times[0]), median(times[1])];
}

/** Milliseconds that a pure function takes, the median of some runs after a warm-up. */
export function millisecondsOf(work: () => unknown, runs = 7): number {
  const times: number[] = [];
  for (let run = 0; run <= runs; run++) {
    const started = performance.now();
    work();
    if (run > 0) times.push(performance.now() - started);
  }
  return median(times);
}
