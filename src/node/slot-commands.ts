/**
 * Commands that differ only in a slot, "CLUSTER SETSLOT 7 STABLE", as the servers read them. Put together by the runtime,
 * for runs of slots that are written with as many digits: one by one takes ten times as long.
 */
export function slotCommands(
  before: readonly string[],
  slots: readonly number[],
  after: readonly string[] = [],
): Buffer {
  const head = `*${before.length + 1 + after.length}\r\n${before.map(word).join("")}`;
  const tail = after.map(word).join("");
  let commands = "";
  for (let first = 0; first < slots.length; ) {
    const digits = String(slots[first]).length;
    let end = first + 1;
    while (end < slots.length && hasDigits(slots[end]!, digits)) end++;
    const start = `${head}$${digits}\r\n`;
    commands += `${start}${slots.slice(first, end).join(`\r\n${tail}${start}`)}\r\n${tail}`;
    first = end;
  }
  return Buffer.from(commands);
}

function hasDigits(slot: number, digits: number): boolean {
  return slot < 10 ** digits && (digits === 1 || slot >= 10 ** (digits - 1));
}

function word(text: string): string {
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
}
