import { homedir } from "node:os";
import { join } from "node:path";

/** Where slotctl keeps what outlives a run: below XDG_STATE_HOME, or ~/.local/state where that is not set. */
export function stateDirectory({ XDG_STATE_HOME: state = "" }: Readonly<Record<string, string | undefined>>): string {
  return join(state === "" ? join(homedir(), ".local", "state") : state, "slotctl");
}
