import type { Address } from "../../model/address.ts";
import type { NodeRef } from "../../plan/plan.ts";
import { about, count, listOf, named, objectOf, optional, type Schema, text } from "./schema.ts";

const PORT = { type: "integer", minimum: 0, maximum: 65_535 };
const RANGES = "\\d{1,5}(-\\d{1,5})?(,\\d{1,5}(-\\d{1,5})?)*";

/** "0-5460,7000", and "" for none. */
export const slots = named("slots", () =>
  about("Slots as Redis writes them: 0-5460,7000; empty for none", { type: "string", pattern: `^(${RANGES})?$` }),
);

export const nodeId = named("nodeId", () =>
  about("The id that a node gave itself", { type: "string", pattern: "^[0-9a-f]{40}$" }),
);

/** "10.0.0.1:7000" */
export const place = about("host:port, IPv6 addresses in brackets", text);

export const address = named("address", () =>
  objectOf<Address>({ host: text, port: about("0 where nobody knows it", PORT), busPort: optional(PORT) }),
);

/** A node as a plan names it. */
export const node = named("node", () =>
  objectOf<NodeRef>({
    id: nodeId,
    address,
    formerly: optional(about("Primaries of its shard before it that it took over from", listOf(nodeId))),
  }),
);

export const role: Schema = { type: "string", enum: ["primary", "replica"] };
export const engine: Schema = { type: "string", enum: ["redis", "valkey"] };
export const seconds = about("How long it took", { type: "number", minimum: 0 });
export const bytes = about("Bytes", count);
