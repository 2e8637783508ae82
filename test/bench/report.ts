const say = (text: string) => void process.stdout.write(`${text}\n`);

/** One line of the table: ours, theirs, how they compare, and what we mean to reach. */
export function row(what: string, ours: string, theirs: string, ratio: string, goal: string): void {
  say(`${what.padEnd(50)} ${ours.padStart(10)} ${theirs.padStart(10)} ${ratio.padStart(8)}   ${goal}`);
}

export function heading(): void {
  row("", "slotctl", "redis-cli", "ratio", "goal");
}

export function remark(text: string): void {
  say(text);
}

export function secondsText(value: number): string {
  return `${value.toFixed(2)} s`;
}

/** How many times faster than theirs. */
export function timesFaster(ours: number, theirs: number): string {
  return `${(theirs / ours).toFixed(1)}x`;
}
