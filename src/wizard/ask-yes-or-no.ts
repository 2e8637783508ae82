import inquirer from "inquirer";

interface Terminal {
  readonly stdin: NodeJS.ReadStream;
  readonly stderr: NodeJS.WriteStream;
  readonly signal: AbortSignal;
}

/** Asks on stderr, so that stdout stays the result's. Nothing typed means no. Ctrl-C throws inquirer's ExitPromptError. */
export async function askYesOrNo(question: string, { stdin, stderr }: Terminal): Promise<boolean> {
  const prompt = inquirer.createPromptModule({ input: stdin, output: stderr });
  const { answer } = await prompt<{ answer: boolean }>([
    { type: "confirm", name: "answer", message: question, default: false },
  ]);
  return answer;
}
