import { type Command, InvalidArgumentError } from "commander";
import { parseQuoted } from "../model/quoted-text.ts";
import { type Running, runWith } from "./open-context.ts";

export function addKeyslot(program: Command, running: Running): void {
  program
    .command("keyslot")
    .summary("say in which slot, and shard, a key lives")
    .description(
      "Computes the slot of each key, hash tags included, without asking anybody. With -h, -p, -s, -u or --context the " +
        "shard that owns it is named as well.",
    )
    .argument("<keys...>", "the keys")
    .option("--quoted", 'keys in double quotes are strings as redis-cli writes them: "\\x00\\xff"')
    .addHelpText(
      "after",
      `
Examples:
  slotctl keyslot user:1000 '{user:1000}.cart'
  slotctl keyslot -h 10.0.0.1 -p 7000 user:1000`,
    )
    .action(async (keys: readonly string[], { quoted = false }: { quoted?: boolean }, self: Command) => {
      const { keyslot } = await import("../commands/keyslot.ts");
      const bytes = keys.map((key) => keyBytes(key, quoted));
      await runWith(running, self, undefined, (context) => keyslot(bytes, context), "named");
    });
}

/** @throws InvalidArgumentError for a quoted string that is none */
export function keyBytes(text: string, quoted: boolean): Buffer {
  if (!quoted || !text.startsWith('"')) return Buffer.from(text);
  const bytes = parseQuoted(text);
  if (bytes !== undefined) return Buffer.from(bytes);
  throw new InvalidArgumentError(`${text} is no string in double quotes with \\" \\\\ \\n \\r \\t \\a \\b and \\xHH`);
}
