import { styleText } from "node:util";

type Style = (text: string) => string;

const plain: Style = (text) => text;

/** How inquirer's questions look: its own colours, of which it would show some even where none are wanted, all said here. */
export function themeFor(colour: boolean) {
  const styled = (format: Parameters<typeof styleText>[0]): Style =>
    colour ? (text) => styleText(format, text, { validateStream: false }) : plain;
  const [bold, cyan, green, red] = [styled("bold"), styled("cyan"), styled("green"), styled("red")];
  const style = {
    message: bold,
    answer: cyan,
    highlight: cyan,
    key: cyan,
    help: plain,
    defaultAnswer: (text: string) => `(${text})`,
    error: (text: string) => red(`> ${text}`),
    description: plain,
    disabled: plain,
  };
  const prefix = { idle: cyan("?"), done: green("✔") };
  return {
    input: { prefix, style },
    select: { prefix, style: { ...style, keysHelpTip: () => "arrows move, Enter chooses, Esc leaves" } },
    checkbox: {
      prefix,
      icon: { checked: green("◉") },
      style: { ...style, keysHelpTip: () => "Space ticks, a all, Enter goes on, Esc leaves" },
    },
  } as const;
}
