/** Something that can be chosen. */
export interface Choice<Value> {
  readonly value: Value;
  /** What it is called, then what else is known of it, the most important first: where there is no room the end is left out. */
  readonly cells: readonly string[];
  /** What it means, as a sentence. */
  readonly note?: string;
}

interface Asked {
  /** By which a test answers it. */
  readonly name: string;
  readonly message: string;
}

export interface ChooseOne<Value> extends Asked {
  readonly choices: readonly Choice<Value>[];
  /** What Enter alone takes; else the first. */
  readonly preset?: Value | undefined;
}

export interface ChooseSeveral<Value> extends Asked {
  readonly choices: readonly Choice<Value>[];
  /** What is wrong with this selection. That it is empty is refused anyway. */
  readonly complaint?: (values: readonly Value[]) => string | undefined;
}

export interface Enter extends Asked {
  /** What Enter alone takes. */
  readonly preset?: string;
  /** What is wrong with this text. */
  readonly complaint: (text: string) => string | undefined;
}

/**
 * Somebody to ask. Everything is asked on stderr. Ctrl-C, Esc and the end of the input leave: they throw inquirer's
 * ExitPromptError, or a SlotctlError with exit code 130.
 */
export interface Prompt {
  choose<Value>(question: ChooseOne<Value>): Promise<Value>;
  chooseSeveral<Value>(question: ChooseSeveral<Value>): Promise<readonly Value[]>;
  enter(question: Enter): Promise<string>;
  /** Yes or no; Enter alone is no. */
  confirm(question: string): Promise<boolean>;
  say(text: string): void;
  /** Columns of the terminal. */
  readonly columns: number;
}

export const NONE_CHOSEN = "Choose at least one";
