import type { NodeId } from "../../model/cluster.ts";
import type { SlotPicture } from "./slot-picture.ts";

/** Which way a move goes that was cut short. `auto`: forward where both ends are on record, else back. */
export type Direction = "auto" | "forward" | "back";

/** What is done about one slot. */
export interface Decision {
  readonly kind: "repair";
  readonly picture: SlotPicture;
  /** Who owns it before any move. */
  readonly owner: NodeId;
  /** In words, as the end of a sentence: "a says so of itself". */
  readonly because: string;
  /** Nodes that give up their claim before the owner makes its own. */
  readonly disarm: readonly NodeId[];
  /** The owner has to claim it, or to claim it louder. */
  readonly assign: boolean;
  /** The owner's own half of a move that does not go on. */
  readonly closeOwner: boolean;
  /** Where the move goes that is finished. */
  readonly moveTo: NodeId | undefined;
  /** Nodes whose keys are brought to the owner, after any move. */
  readonly bring: readonly NodeId[];
  /** Nodes that hold it open for nothing. */
  readonly close: readonly NodeId[];
  /** The primary that is given up; what only it holds is lost unless it returns. */
  readonly givenUp: NodeId | undefined;
  /** Who is down, may have been importing it, and could claim it on its return if the move went on. */
  readonly awaited: NodeId | undefined;
}

/** A slot that nobody can repair from here, and why. */
export interface Unsolved {
  readonly kind: "unsolved";
  readonly picture: SlotPicture;
  readonly why: string;
}
