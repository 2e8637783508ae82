import { ExitCode, SlotctlError } from "../errors.ts";
import { type Address, sameAddress } from "../model/address.ts";
import type { ConfigFile, NamedContext } from "./config-file.ts";
import { type Setting, says } from "./setting.ts";

/** Which context a run wants. */
export interface ContextWish {
  /** --context. */
  readonly option: string | undefined;
  /** SLOTCTL_CONTEXT; empty is as good as unset. */
  readonly variable: string | undefined;
  /** Nodes that were named on the command line, to start from or to make a cluster of. */
  readonly named: readonly Address[];
  /** Whether the current context counts, too, for a command that can do without a cluster it does not. */
  readonly orCurrent: boolean;
}

/** A context of this name cannot be: --context none is for no context at all. */
const NONE = "none";

/**
 * The context that counts: the one that is asked for, else the current one. The current one counts only where no other
 * node is named than its own seeds: its password is not for whatever server somebody happens to look at.
 * @throws SlotctlError UNKNOWN_CONTEXT, exit code 2, when there is none of the name that was asked for
 */
export function chooseContext(
  file: ConfigFile | undefined,
  { option, variable, named, orCurrent }: ContextWish,
): Setting<NamedContext | undefined> {
  if (option !== undefined) return says.option("--context", lookUp(option, file));
  if (variable !== undefined && variable !== "") return says.environment("SLOTCTL_CONTEXT", lookUp(variable, file));
  const current = file?.current === undefined || !orCurrent ? undefined : file.contexts.get(file.current);
  const isMeant = current !== undefined && named.every((node) => current.seeds.some((seed) => sameAddress(seed, node)));
  return isMeant ? says.current(current) : says.default(undefined);
}

function lookUp(name: string, file: ConfigFile | undefined): NamedContext | undefined {
  if (name === NONE) return undefined;
  const context = file?.contexts.get(name);
  if (context !== undefined) return context;
  const names = [...(file?.contexts.keys() ?? [])];
  throw new SlotctlError(`There is no context "${name}"`, {
    code: "UNKNOWN_CONTEXT",
    exitCode: ExitCode.Usage,
    hint:
      names.length === 0
        ? "They are looked for in $XDG_CONFIG_HOME/slotctl/config.yaml"
        : `There are ${names.join(", ")}`,
  });
}
