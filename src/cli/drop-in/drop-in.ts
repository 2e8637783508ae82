import type { ExitCode } from "../../errors.ts";
import type { DropInCommand } from "./drop-in-command.ts";

/**
 * What a command line of redis-cli --cluster or valkey-cli --cluster asks for. Every `text` is complete, final newline
 * included; every warning is one line for stderr.
 */
export type DropIn =
  | {
      readonly kind: "command";
      readonly command: DropInCommand;
      readonly connection: DropInConnection;
      readonly warnings: readonly string[];
    }
  | Usage
  | { readonly kind: "version" }
  /** For stderr. */
  | { readonly kind: "error"; readonly text: string; readonly exitCode: typeof ExitCode.Failed };

export interface Usage {
  readonly kind: "usage";
  readonly text: string;
  readonly stream: "stdout" | "stderr";
  readonly exitCode: typeof ExitCode.Ok | typeof ExitCode.Failed;
}

export interface DropInConnection {
  readonly user?: string;
  /** From -a, -u or the environment; never there together with `askPass`. */
  readonly password?: string;
  readonly askPass: boolean;
  readonly noAuthWarning: boolean;
  readonly tls: boolean;
  readonly insecure: boolean;
  readonly sni?: string;
  readonly cacert?: string;
  readonly cacertdir?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly ciphers?: string;
  readonly cipherSuites?: string;
  /** Fractions allowed; left out where the operating system decides. */
  readonly connectTimeoutSeconds?: number;
  readonly family?: 4 | 6;
}

export type Environment = Readonly<Record<string, string | undefined>>;
