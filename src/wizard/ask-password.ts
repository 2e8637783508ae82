import { createInterface } from "node:readline";
import { left, type Terminal } from "./terminal.ts";

/** Asks with stars on a terminal; from a pipe it is the first line. */
export async function askPassword(terminal: Terminal, message = "Please input password:"): Promise<string> {
  if (!terminal.stdin.isTTY) return firstLine(terminal);
  const { asking } = await import("./asking.ts");
  return asking(terminal, async (ask) => {
    const { password } = await ask<{ password: string }>([{ type: "password", name: "password", message, mask: "*" }]);
    return password;
  });
}

async function firstLine({ stdin, signal }: Terminal): Promise<string> {
  const lines = createInterface({ input: stdin, signal });
  try {
    for await (const line of lines) return line;
    if (signal.aborted) throw left();
    return "";
  } finally {
    lines.close();
    // Whatever else is in the pipe must not keep the process alive.
    stdin.pause();
  }
}
