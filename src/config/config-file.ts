import type { Address } from "../model/address.ts";
import type { AddressMap } from "../model/address-map.ts";

/** What config.yaml says: how to reach clusters, by name. */
export interface ConfigFile {
  readonly path: string;
  /** The context that counts where none is asked for; it is one of `contexts`. */
  readonly current: string | undefined;
  readonly contexts: ReadonlyMap<string, NamedContext>;
}

/** How one cluster is reached. Every field may be missing in the file. Paths are absolute. */
export interface NamedContext {
  readonly name: string;
  readonly seeds: readonly Address[];
  readonly user: string | undefined;
  readonly password: PasswordSource | undefined;
  readonly tls: boolean;
  readonly sni: string | undefined;
  readonly cacert: string | undefined;
  readonly cacertdir: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly insecure: boolean;
  /** By host. */
  readonly zones: ReadonlyMap<string, string>;
  readonly addressMap: AddressMap;
}

/** Where a password comes from. Only `text` holds it. */
export type PasswordSource =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "environment"; readonly variable: string }
  /** Its first line. */
  | { readonly kind: "file"; readonly path: string }
  /** The first line that a program prints; it is run as it stands here, without a shell. */
  | { readonly kind: "command"; readonly words: readonly [program: string, ...args: readonly string[]] };

/** Whether somebody who reads the file learns a password, or how to get one. */
export function isConfidential({ contexts }: ConfigFile): boolean {
  return [...contexts.values()].some(({ password }) => password?.kind === "text" || password?.kind === "command");
}
