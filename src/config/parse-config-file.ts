import { dirname, join, resolve } from "node:path";
import { type Address, parseAddress } from "../model/address.ts";
import { type AddressMap, parseAddressMapping } from "../model/address-map.ts";
import type { ConfigFile, NamedContext, PasswordSource } from "./config-file.ts";
import { type Entry, invalid, readYaml } from "./yaml-reader.ts";

/** Where the text was found; `home` is what "~/" stands for. */
export interface Origin {
  readonly path: string;
  readonly home: string;
}

type Fields = ReadonlyMap<string, Entry>;

/**
 *     current: prod
 *     contexts:
 *       prod:
 *         seeds: [10.0.0.1:6379, 10.0.0.2:6379]
 *         user: admin
 *         password-command: [pass, show, redis/prod]
 *         cacert: ca.pem
 *         zones: { 10.0.0.1: a, 10.0.0.2: b }
 *         address-map: { "172.17.0.2:6379": "localhost:7001" }
 *
 * @throws SlotctlError CONFIG_INVALID, exit code 2, for everything that is not exactly so
 */
export function parseConfigFile(text: string, origin: Origin): ConfigFile {
  const { path } = origin;
  const document = readYaml(text, path);
  if (document === undefined) return { path, current: undefined, contexts: new Map() };
  const fields = fieldsOf(document, "the file", path);
  refuseUnknown(fields, ["current", "contexts"], "the file", path);
  const contexts = new Map<string, NamedContext>();
  const named = fields.get("contexts");
  if (named !== undefined) {
    for (const [name, entry] of fieldsOf(named, "contexts", path)) {
      contexts.set(checkedName(name, entry.line, path), contextOf(name, entry, origin));
    }
  }
  return { path, current: currentOf(fields.get("current"), contexts, path), contexts };
}

function currentOf(entry: Entry | undefined, contexts: ConfigFile["contexts"], path: string): string | undefined {
  if (entry === undefined) return undefined;
  const name = textOf(entry, "current", path);
  if (!contexts.has(name)) throw invalid(path, entry.line, "current names none of the contexts", listOf(contexts));
  return name;
}

function listOf(contexts: ConfigFile["contexts"]): string {
  return contexts.size === 0 ? "There are no contexts" : `There are ${[...contexts.keys()].join(", ")}`;
}

/** "none" is what --context takes to mean no context. */
function checkedName(name: string, line: number, path: string): string {
  if (/^\w[\w.-]{0,63}$/.test(name) && name !== "none") return name;
  throw invalid(path, line, "that is no name for a context", "Letters, digits, dots, dashes and _; none is taken");
}

const KEYS = [
  "seeds",
  "user",
  "password",
  "password-env",
  "password-file",
  "password-command",
  "tls",
  "sni",
  "cacert",
  "cacertdir",
  "cert",
  "key",
  "insecure",
  "zones",
  "address-map",
] as const;

type Key = (typeof KEYS)[number];

function contextOf(name: string, entry: Entry, origin: Origin): NamedContext {
  const { path } = origin;
  const fields = fieldsOf(entry, `context ${name}`, path);
  refuseUnknown(fields, KEYS, `context ${name}`, path);
  const optional = <T>(key: Key, read: (entry: Entry, key: Key) => T): T | undefined => {
    const field = fields.get(key);
    return field === undefined ? undefined : read(field, key);
  };
  const text = (key: Key) => optional(key, (field) => textOf(field, key, path));
  const file = (key: Key) => optional(key, (field) => fileOf(field, key, origin));
  const flag = (key: Key) => optional(key, (field) => flagOf(field, key, path));
  const [cert, key] = [file("cert"), file("key")];
  if ((cert === undefined) !== (key === undefined)) {
    throw invalid(path, (fields.get("cert") ?? fields.get("key"))!.line, "cert and key belong together");
  }
  return {
    name,
    seeds: optional("seeds", (field) => seedsOf(field, path)) ?? [],
    user: text("user"),
    password: passwordOf(fields, origin),
    tls: tlsOf(fields, flag("tls"), path),
    sni: text("sni"),
    cacert: file("cacert"),
    cacertdir: file("cacertdir"),
    cert,
    key,
    insecure: flag("insecure") ?? false,
    zones: optional("zones", (field) => zonesOf(field, path)) ?? new Map(),
    addressMap: optional("address-map", (field) => addressMapOf(field, path)) ?? [],
  };
}

const TLS_KEYS = ["sni", "cacert", "cacertdir", "cert", "key", "insecure"] as const;

/** Who says how to speak TLS wants it spoken. */
function tlsOf(fields: Fields, said: boolean | undefined, path: string): boolean {
  const detail = TLS_KEYS.find((key) => fields.has(key));
  if (said !== false) return said === true || detail !== undefined;
  if (detail !== undefined) throw invalid(path, fields.get(detail)!.line, `${detail} means nothing with tls: false`);
  return false;
}

const PASSWORD_KEYS = ["password", "password-env", "password-file", "password-command"] as const;

function passwordOf(fields: Fields, origin: Origin): PasswordSource | undefined {
  const { path } = origin;
  const [key, second] = PASSWORD_KEYS.filter((name) => fields.has(name));
  if (key === undefined) return undefined;
  const entry = fields.get(key)!;
  if (second !== undefined) throw invalid(path, fields.get(second)!.line, `${second} cannot stand beside ${key}`);
  switch (key) {
    case "password":
      return { kind: "text", text: secretOf(entry, key, path) };
    case "password-env":
      return { kind: "environment", variable: variableOf(entry, key, path) };
    case "password-file":
      return { kind: "file", path: fileOf(entry, key, origin) };
    case "password-command":
      return { kind: "command", words: commandOf(entry, key, origin) };
  }
}

/** Unlike every other text it may hold anything but nothing. */
function secretOf(entry: Entry, key: string, path: string): string {
  if (entry.kind === "text" && entry.text !== "") return entry.text;
  throw invalid(path, entry.line, `${key} has to be a text`);
}

function variableOf(entry: Entry, key: string, path: string): string {
  const variable = textOf(entry, key, path);
  if (/^[A-Za-z_]\w*$/.test(variable)) return variable;
  throw invalid(path, entry.line, `${key} has to be the name of an environment variable`);
}

function commandOf(entry: Entry, key: string, { path, home }: Origin): readonly [string, ...string[]] {
  const hint = "A list of words, for example [pass, show, redis/prod]; no shell takes it apart";
  if (entry.kind !== "list") throw invalid(path, entry.line, `${key} has to be a list of words`, hint);
  const [program, ...args] = entry.items.map((item) =>
    item.kind === "text" && !item.text.includes("\0") ? item.text : undefined,
  );
  if (program === undefined || program === "" || args.includes(undefined)) {
    throw invalid(path, entry.line, `${key} has to be a list of words`, hint);
  }
  // With a slash it is a file; else it is looked for on the PATH.
  return [program.includes("/") ? absolute(program, { path, home }) : program, ...(args as string[])];
}

function seedsOf(entry: Entry, path: string): readonly Address[] {
  const items = entry.kind === "list" ? entry.items : [entry];
  const texts = items.flatMap((item) =>
    textOf(item, "seeds", path)
      .split(",")
      .map((part) => ({ part: part.trim(), line: item.line })),
  );
  return texts.map(({ part, line }) => {
    const address = parseAddress(part);
    if (address !== undefined) return address;
    throw invalid(path, line, "a seed is no address", "Expected host:port, for example 10.0.0.1:7000 or '[::1]:7000'");
  });
}

function zonesOf(entry: Entry, path: string): ReadonlyMap<string, string> {
  const pairs = [...fieldsOf(entry, "zones", path)].map(([host, zone]) => {
    if (host === "" || /[\s=\x00-\x1f\x7f]/.test(host))
      throw invalid(path, zone.line, "a zone needs a host: host: zone");
    return [host, textOf(zone, "a zone", path)] as const;
  });
  return new Map(pairs);
}

function addressMapOf(entry: Entry, path: string): AddressMap {
  return [...fieldsOf(entry, "address-map", path)].map(([inside, outside]) => {
    const mapping = parseAddressMapping(`${inside}=${textOf(outside, "address-map", path)}`);
    if (mapping !== undefined) return mapping;
    const hint = "Expected inside: outside, for example 172.17.0.2: 127.0.0.1, or a port on both sides";
    throw invalid(path, outside.line, "that maps no address to another", hint);
  });
}

function fieldsOf(entry: Entry, what: string, path: string): Fields {
  if (entry.kind === "map") return entry.fields;
  throw invalid(path, entry.line, `${what} has to be names with values: name: value`);
}

function refuseUnknown(fields: Fields, known: readonly string[], where: string, path: string): void {
  for (const [key, { line }] of fields) {
    if (known.includes(key)) continue;
    // A key that is no word may be anything, a password that lost its name among them.
    const named = /^[\w-]{1,40}$/.test(key) ? `"${key}"` : "something that";
    throw invalid(path, line, `${where} has ${named}, which is no setting`, `There are ${known.join(", ")}`);
  }
}

/** A text that can be shown: what moves the cursor of a terminal is refused. */
function textOf(entry: Entry, key: string, path: string): string {
  if (entry.kind === "text" && /^[^\x00-\x1f\x7f-\x9f]{1,4096}$/.test(entry.text)) return entry.text;
  throw invalid(path, entry.line, `${key} has to be a text on one line`);
}

function flagOf(entry: Entry, key: string, path: string): boolean {
  if (entry.kind === "text" && (entry.text === "true" || entry.text === "false")) return entry.text === "true";
  throw invalid(path, entry.line, `${key} has to be true or false`);
}

function fileOf(entry: Entry, key: string, origin: Origin): string {
  return absolute(textOf(entry, key, origin.path), origin);
}

/** From the folder of the file, not from wherever slotctl is called. */
function absolute(file: string, { path, home }: Origin): string {
  return file.startsWith("~/") ? join(home, file.slice(2)) : resolve(dirname(path), file);
}
