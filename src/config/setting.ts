/** Who says so. */
export type Source =
  /** As it is written on the command line: "--user". */
  | { readonly kind: "option"; readonly name: string }
  /** An argument of the command. */
  | { readonly kind: "argument" }
  | { readonly kind: "environment"; readonly name: string }
  | { readonly kind: "context"; readonly name: string }
  /** `current` in the file with the contexts. */
  | { readonly kind: "current" }
  | { readonly kind: "default" };

/** A value and where it comes from. */
export interface Setting<T> {
  readonly value: T;
  readonly from: Source;
}

export const says = {
  option: <T>(name: string, value: T): Setting<T> => ({ value, from: { kind: "option", name } }),
  argument: <T>(value: T): Setting<T> => ({ value, from: { kind: "argument" } }),
  environment: <T>(name: string, value: T): Setting<T> => ({ value, from: { kind: "environment", name } }),
  context: <T>(name: string, value: T): Setting<T> => ({ value, from: { kind: "context", name } }),
  current: <T>(value: T): Setting<T> => ({ value, from: { kind: "current" } }),
  default: <T>(value: T): Setting<T> => ({ value, from: { kind: "default" } }),
};

/** The first that has a value; the last one counts whatever it says. */
export function firstOf<T>(...settings: readonly [...Setting<T | undefined>[], Setting<T>]): Setting<T> {
  return (
    (settings.find(({ value }) => value !== undefined) as Setting<T> | undefined) ?? (settings.at(-1) as Setting<T>)
  );
}
