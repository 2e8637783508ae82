import type { Source } from "../../config/setting.ts";
import { nodeId, place, seconds } from "./nouns.ts";
import { kindWith } from "./plan-schema.ts";
import {
  about,
  anyOf,
  type Fields,
  type FieldsOf,
  listOf,
  mapOf,
  named,
  objectWith,
  optional,
  orNull,
  text,
  wordOf,
  yesOrNo,
} from "./schema.ts";

type SourceFields = { readonly [Kind in Source["kind"]]: FieldsOf<Omit<Extract<Source, { kind: Kind }>, "kind">> };

const SOURCES: SourceFields = {
  option: { name: text },
  argument: {},
  environment: { name: text },
  context: { name: text },
  current: {},
  default: {},
};

const source = named("source", () => anyOf(...Object.entries(SOURCES).map(kindWith)));

const contextsFile: Fields = { file: about("Where the contexts are looked for", text), fileExists: yesOrNo };

export const shownSettings: Fields = {
  ...contextsFile,
  settings: listOf(
    objectWith({
      name: text,
      value: anyOf(text, { type: "number" }, yesOrNo, listOf(text), { type: "null" }),
      from: about("Who says so", source),
    }),
  ),
};

export const contexts: Fields = {
  ...contextsFile,
  contexts: listOf(
    objectWith({
      name: text,
      chosen: yesOrNo,
      seeds: listOf(place),
      user: orNull(text),
      passwordFrom: orNull(wordOf({ text: true, environment: true, file: true, command: true })),
      tls: yesOrNo,
    }),
  ),
};

export const nodeSettings: Fields = {
  nodes: listOf(objectWith({ id: nodeId, address: place, error: optional(text), settings: mapOf(text) })),
};

export const settingChanges: Fields = {
  seconds,
  changes: listOf(
    objectWith({
      id: nodeId,
      address: place,
      name: text,
      before: optional(text),
      value: text,
      outcome: wordOf({ planned: true, already: true, set: true, failed: true }),
      error: optional(text),
      configFile: optional(wordOf({ written: true, none: true, failed: true })),
      fileError: optional(text),
    }),
  ),
};
