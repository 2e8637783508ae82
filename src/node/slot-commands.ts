/**
 * Commands that differ only in a slot, "CLUSTER SETSLOT 7 STABLE", as the servers read them. Put together ten at a time
 * where ten slots follow each other that differ in their last digit: one by one takes four times as long.
 */
export function slotCommands(
  before: readonly string[],
  slots: readonly number[],
  after: readonly string[] = [],
): Buffer {
  const head = `*${before.length + 1 + after.length}\r\n${before.map(word).join("")}`;
  const tail = `\r\n${after.map(word).join("")}`;
  let commands = "";
  for (let i = 0; i < slots.length; ) {
    const slot = slots[i]!;
    if (isDecade(slots, i)) {
      const start = `${head}$${String(slot).length}\r\n${slot / 10}`;
      for (let digit = 0; digit < 10; digit++) commands += start + digit + tail;
      i += 10;
    } else {
      commands += `${head}$${String(slot).length}\r\n${slot}${tail}`;
      i++;
    }
  }
  return Buffer.from(commands);
}

/** Whether 20, 21 … 29 stand there, or ten others of that kind; single digits have nothing in common. */
function isDecade(slots: readonly number[], first: number): boolean {
  const slot = slots[first]!;
  if (slot === 0 || slot % 10 !== 0) return false;
  for (let i = 1; i < 10; i++) if (slots[first + i] !== slot + i) return false;
  return true;
}

function word(text: string): string {
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
}
