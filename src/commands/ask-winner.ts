import type { AskWinner, RivalValue } from "../execute/move/conflicts.ts";
import { formatAddress } from "../model/address.ts";
import { quotedText } from "../model/quoted-text.ts";
import { bytesText } from "../view/words.ts";
import type { Context } from "./context.ts";

/** Asks about one key after the other. A bare Enter changes nothing for clients: they have been reading the owner's value. */
export function winnerAsker({ confirm, view }: Pick<Context, "confirm" | "view">): AskWinner {
  let before: Promise<unknown> = Promise.resolve();
  return (conflict, owner, other) => {
    const asked = before.then(async () => {
      view.note(`slot ${conflict.slot}: ${quotedText(conflict.key)} has two values`);
      view.note(`  the owner's, ${rivalText(owner)}`);
      view.note(`  the other, ${rivalText(other)}`);
      return !(await confirm("Let the other value replace the owner's? What gives way is kept in a file"));
    });
    before = asked.catch(() => undefined);
    return asked;
  };
}

function rivalText({ node, bytes, expiresAt, idleSeconds }: RivalValue): string {
  const expires = expiresAt === 0 ? "never expires" : `expires ${new Date(expiresAt).toISOString()}`;
  const used = idleSeconds === undefined ? "last use unknown" : `last used ${idleSeconds} s ago`;
  return `on ${formatAddress(node.address)}: ${bytesText(bytes)}, ${expires}, ${used}`;
}
