import type { Effective } from "../config/effective.ts";
import type { Address } from "../model/address.ts";
import type { Connections } from "../node/connections.ts";
import type { View } from "../view/view.ts";

/** How to get into servers that are not those of the cluster. */
export interface Login {
  readonly user?: string | undefined;
  readonly pass?: string | undefined;
  readonly askpass?: boolean | undefined;
  readonly tls?: boolean | undefined;
  readonly sni?: string | undefined;
  readonly cacert?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly insecure?: boolean | undefined;
}

/** What every command needs of the world around it. */
export interface Context {
  readonly view: View;
  readonly signal: AbortSignal;
  readonly connections: Connections;
  /** How the cluster is reached, and who says so. */
  readonly settings: Effective;
  /** Where to find the cluster; the first that answers is used. Empty for commands that need none. */
  readonly seeds: readonly Address[];
  /**
   * Connections with a login of their own, such as to the source of an import: nothing of it is taken from the options
   * for the cluster. Whoever asked for them disposes of them.
   */
  readonly connectElsewhere: (login: Login) => Promise<Connections>;
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
