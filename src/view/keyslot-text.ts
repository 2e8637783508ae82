import { formatAddress } from "../model/address.ts";
import { formatRanges } from "../model/slot.ts";
import { replyDocument, replyLines } from "./reply-text.ts";
import { tableLines } from "./table.ts";
import type { Result } from "./view.ts";

type KeyslotResult = Extract<Result, { kind: "keyslot" }>;

const COLUMNS = [
  { title: "KEY" },
  { title: "SLOT", align: "right" },
  { title: "PRIMARY" },
  { title: "REPLICAS" },
] as const;

export function keyslotLines({ keys, asked }: KeyslotResult): readonly string[] {
  const rows = keys.map(({ key, slot, shard }) => [
    replyLines(key).join("\\n"),
    String(slot),
    shard === undefined ? (asked ? "nobody owns it" : "") : formatAddress(shard.primary.address),
    shard?.replicas.map(({ address }) => formatAddress(address)).join(", ") ?? "",
  ]);
  return tableLines(COLUMNS, rows);
}

export function keyslotDocument({ keys }: KeyslotResult): object {
  return {
    ok: true,
    command: "keyslot",
    keys: keys.map(({ key, slot, shard }) => ({
      key: replyDocument(key),
      slot,
      ...(shard === undefined
        ? {}
        : {
            shard: {
              slots: formatRanges(shard.primary.slots),
              primary: { id: shard.primary.id, address: formatAddress(shard.primary.address) },
              replicas: shard.replicas.map(({ id, address }) => ({ id, address: formatAddress(address) })),
            },
          }),
    })),
  };
}
