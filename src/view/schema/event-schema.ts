import type { RunEvent, Wait } from "../../execute/events.ts";
import { slots } from "./nouns.ts";
import { step } from "./plan-schema.ts";
import {
  about,
  amount,
  anyOf,
  count,
  type FieldsOf,
  mapOf,
  objectWith,
  optional,
  text,
  word,
  wordOf,
  yesOrNo,
} from "./schema.ts";

type EventFields = { readonly [Type in RunEvent["type"]]: FieldsOf<Omit<Extract<RunEvent, { type: Type }>, "type">> };

const index = about("Which step of the plan, from 0 up", count);

/** A new event, or a new field of one, fails to compile until it is here. */
const EVENTS: EventFields = {
  "run-started": { steps: count },
  "step-started": { index, step },
  "step-done": { index, step, changed: about("False when the cluster was already so", yesOrNo) },
  "step-failed": { index, step, message: text },
  waiting: {
    on: wordOf<Wait>({
      start: true,
      join: true,
      agreement: true,
      "cluster-state": true,
      "replica-links": true,
      forgotten: true,
    }),
    done: count,
    total: count,
  },
  "move-progress": {
    index,
    slots: about("Those that arrived since the last event of this move", slots),
    keysOf: optional(about("How many keys those slots brought, by slot; none where a slot is left out", mapOf(count))),
    slotsDone: count,
    slotsTotal: count,
    keysMoved: optional(count),
    keysTotal: optional(count),
    batch: optional(about("Keys that go over in one write", count)),
    blockMs: optional(about("How long the source was busy with the last one", amount)),
    state: optional(about("The servers' own word for what their migration does", text)),
  },
  "work-progress": {
    what: text,
    lane: text,
    done: count,
    total: optional(count),
    unit: wordOf({ keys: true, bytes: true, slots: true }),
    detail: optional(text),
    ended: optional(yesOrNo),
  },
  notice: { text },
  "run-done": { changed: yesOrNo },
};

/** One line of --progress json. */
export const event = anyOf(
  ...Object.entries(EVENTS).map(([type, fields]) =>
    objectWith({
      type: word(type),
      ...fields,
      time: { type: "string", pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$" },
    }),
  ),
);
