import type { ChalkInstance } from "chalk";
import type { NamedContext } from "../config/config-file.ts";
import type { Effective } from "../config/effective.ts";
import type { Source } from "../config/setting.ts";
import { formatAddress } from "../model/address.ts";
import { formatAddressMapping } from "../model/address-map.ts";
import { tableLines } from "./table.ts";
import type { Result } from "./view.ts";

type ConfigShow = Extract<Result, { kind: "config-show" }>;
type ConfigContexts = Extract<Result, { kind: "config-contexts" }>;

/** One line of `config show`, with nothing secret left in it. */
interface Shown {
  readonly name: string;
  readonly value: string | number | boolean | readonly string[] | undefined;
  readonly from: Source;
}

const SHOW_COLUMNS = [{ title: "SETTING" }, { title: "VALUE" }, { title: "FROM" }] as const;
const CONTEXT_COLUMNS = [
  { title: "" },
  { title: "CONTEXT" },
  { title: "SEEDS" },
  { title: "USER" },
  { title: "PASSWORD" },
  { title: "TLS" },
] as const;

export function configShowLines({ settings, path, exists }: ConfigShow): readonly string[] {
  const rows = shownSettings(settings).map(({ name, value, from }) => [name, valueText(value), sourceText(from)]);
  return [...tableLines(SHOW_COLUMNS, rows), fileLine(path, exists)];
}

function fileLine(path: string, exists: boolean): string {
  return exists ? `contexts are in ${path}` : `contexts would be in ${path}, which is not there`;
}

function valueText(value: Shown["value"]): string {
  if (value === undefined) return "-";
  if (typeof value === "object") return value.length === 0 ? "-" : value.join(", ");
  return String(value);
}

function sourceText(from: Source): string {
  switch (from.kind) {
    case "option":
      return `command line, ${from.name}`;
    case "argument":
      return "command line";
    case "environment":
      return `environment, ${from.name}`;
    case "context":
      return `context ${from.name}`;
    case "current":
      return "current, in config.yaml";
    case "default":
      return "default";
  }
}

function shownSettings(settings: Effective): readonly Shown[] {
  const { context, seeds, password, family, zones, addressMap, timeout } = settings;
  const plain = (["tls", "sni", "cacert", "cacertdir", "cert", "key", "insecure"] as const).map((name) => ({
    name,
    ...settings[name],
  }));
  return [
    { name: "context", value: context.value?.name, from: context.from },
    { name: "seeds", value: seeds.value.map(formatAddress), from: seeds.from },
    { name: "user", ...settings.user },
    { name: "password", value: passwordText(password), from: password.from },
    ...plain,
    { name: "family", value: family.value === undefined ? undefined : `IPv${family.value}`, from: family.from },
    ...[...zones].map(([host, zone]) => ({ name: "zone", value: `${host}=${zone.value}`, from: zone.from })),
    ...addressMap.map(({ value, from }) => ({ name: "address-map", value: formatAddressMapping(value), from })),
    {
      name: "timeout",
      value: timeout.value === undefined ? "5s for an answer, 60s for the cluster" : `${timeout.value}ms`,
      from: timeout.from,
    },
  ];
}

/** How it is had; never what it is, and of a command not its words, which may hold a token. */
function passwordText({ value }: Effective["password"]): string | undefined {
  if (value === undefined) return undefined;
  switch (value.kind) {
    case "asked":
      return "asked for";
    case "text":
      return "set, not shown";
    case "environment":
      return `in ${value.variable}, not shown`;
    case "file":
      return `in the file ${value.path}`;
    case "command":
      return `what ${value.words[0]} prints`;
  }
}

export function configShowDocument({ settings, path, exists }: ConfigShow): object {
  return {
    ok: true,
    command: "config show",
    file: path,
    fileExists: exists,
    settings: shownSettings(settings).map(({ name, value, from }) => ({ name, value: value ?? null, from })),
  };
}

export function configContextsLines(result: ConfigContexts, chalk: ChalkInstance): readonly string[] {
  const { contexts, path, exists, chosen } = result;
  const rows = contexts.map((context) => {
    const isChosen = context.name === chosen;
    const name = isChosen ? chalk.bold(context.name) : context.name;
    return [
      isChosen ? "*" : "",
      name,
      seedsOf(context).join(", "),
      context.user ?? "",
      passwordOf(context),
      tlsOf(context),
    ];
  });
  return [...(rows.length === 0 ? [] : tableLines(CONTEXT_COLUMNS, rows)), fileLine(path, exists)];
}

function seedsOf({ seeds }: NamedContext): readonly string[] {
  return seeds.map(formatAddress);
}

function passwordOf({ password }: NamedContext): string {
  return password?.kind ?? "";
}

function tlsOf({ tls, insecure }: NamedContext): string {
  if (!tls) return "";
  return insecure ? "any certificate" : "yes";
}

export function configContextsDocument({ contexts, path, exists, chosen }: ConfigContexts): object {
  return {
    ok: true,
    command: "config contexts",
    file: path,
    fileExists: exists,
    contexts: contexts.map((context) => ({
      name: context.name,
      chosen: context.name === chosen,
      seeds: seedsOf(context),
      user: context.user ?? null,
      passwordFrom: context.password?.kind ?? null,
      tls: context.tls,
    })),
  };
}
