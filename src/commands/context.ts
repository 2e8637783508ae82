import type { Address } from "../model/address.ts";
import type { Connections } from "../node/connections.ts";
import type { View } from "../view/view.ts";

/** What every command needs of the world around it. */
export interface Context {
  readonly view: View;
  readonly signal: AbortSignal;
  readonly connections: Connections;
  /** Where to find the cluster; the first that answers is used. Empty for commands that need none. */
  readonly seeds: readonly Address[];
  /** Zones that the operator named, by host. */
  readonly zones: ReadonlyMap<string, string>;
  /** Milliseconds that the cluster is waited for. */
  readonly timeout: number;
  /**
   * Asks a yes-or-no question. `true` without asking when --yes was given.
   * @throws SlotctlError, exit code 2, when there is nobody to ask
   */
  readonly confirm: (question: string) => Promise<boolean>;
}
