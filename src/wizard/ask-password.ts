import { createInterface } from "node:readline";

interface Terminal {
  readonly stdin: NodeJS.ReadStream;
  readonly stderr: NodeJS.WriteStream;
}

/** Asks with stars on a terminal; from a pipe it is the first line. */
export async function askPassword({ stdin, stderr }: Terminal, message = "Please input password:"): Promise<string> {
  if (!stdin.isTTY) return firstLine(stdin);
  const { default: inquirer } = await import("inquirer");
  const prompt = inquirer.createPromptModule({ input: stdin, output: stderr });
  const { password } = await prompt<{ password: string }>([{ type: "password", name: "password", message, mask: "*" }]);
  return password;
}

async function firstLine(stdin: NodeJS.ReadStream): Promise<string> {
  const lines = createInterface({ input: stdin });
  try {
    for await (const line of lines) return line;
    return "";
  } finally {
    lines.close();
    // Whatever else is in the pipe must not keep the process alive.
    stdin.pause();
  }
}
