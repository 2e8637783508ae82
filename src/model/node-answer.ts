import type { ClusterNode } from "./cluster.ts";

/** What a server answers when bytes matter: keys and values are no text. */
export type BinaryReply = Buffer | number | null | readonly BinaryReply[];

/** What became of one command on one node. */
export type Answer =
  | { readonly kind: "reply"; readonly reply: BinaryReply }
  /** The server understood and said no. */
  | { readonly kind: "refused"; readonly message: string }
  | { readonly kind: "unreachable"; readonly message: string };

export interface NodeAnswer {
  readonly node: ClusterNode;
  readonly answer: Answer;
}
