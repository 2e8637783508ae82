import { resolve } from "node:path";
import { type Address, parseAddress } from "../model/address.ts";
import type { AddressMap, AddressMapping } from "../model/address-map.ts";
import type { NamedContext, PasswordSource } from "./config-file.ts";
import { type ConnectionUri, parseUri } from "./connection-uri.ts";
import { firstOf, type Setting, says } from "./setting.ts";

/** The options of the command line that say how to reach a cluster; every one may be missing. */
export interface GivenSettings {
  readonly host?: string | true;
  readonly port?: number;
  readonly socket?: string;
  readonly uri?: string;
  readonly user?: string;
  readonly pass?: string;
  readonly askpass?: boolean;
  readonly tls?: boolean;
  readonly sni?: string;
  readonly cacert?: string;
  readonly cacertdir?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly insecure?: boolean;
  readonly ipv4?: boolean;
  readonly ipv6?: boolean;
  readonly zone?: ReadonlyMap<string, string>;
  readonly addressMap?: AddressMap;
  /** Milliseconds. */
  readonly timeout?: number;
}

/** How a run reaches its cluster, with who says so. Holds the password where the command line does: never show it. */
export interface Effective {
  readonly context: Setting<NamedContext | undefined>;
  readonly seeds: Setting<readonly Address[]>;
  readonly user: Setting<string | undefined>;
  readonly password: Setting<PasswordSource | { readonly kind: "asked" } | undefined>;
  readonly tls: Setting<boolean>;
  readonly sni: Setting<string | undefined>;
  readonly cacert: Setting<string | undefined>;
  readonly cacertdir: Setting<string | undefined>;
  readonly cert: Setting<string | undefined>;
  readonly key: Setting<string | undefined>;
  readonly insecure: Setting<boolean>;
  /** Which addresses of a name are preferred. */
  readonly family: Setting<4 | 6 | undefined>;
  /** Zones by host; those of the command line win. */
  readonly zones: ReadonlyMap<string, Setting<string>>;
  /** In the order in which they are tried. */
  readonly addressMap: readonly Setting<AddressMapping>[];
  /** Milliseconds that the cluster is waited for; undefined is the default. */
  readonly timeout: Setting<number | undefined>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Environment variables that may hold the password, the first that is set wins. */
export const PASSWORD_VARIABLES = ["SLOTCTL_AUTH", "VALKEYCLI_AUTH", "REDISCLI_AUTH"] as const;

/**
 * Command line before environment before context before default, setting by setting. Two groups are taken as a whole,
 * for half of one with half of another is neither: whom to trust (cacert, cacertdir, insecure), and who we are (cert, key).
 * @throws SlotctlError, exit code 2, for a URI that cannot be understood
 */
export function effectiveSettings(
  given: GivenSettings,
  seeds: readonly Address[],
  environment: Environment,
  context: Setting<NamedContext | undefined>,
): Effective {
  const uri = given.uri === undefined ? undefined : parseUri(given.uri);
  const named = context.value;
  const ours = <T>(value: T) => says.context(named?.name ?? "", value);
  const trusts = (["cacert", "cacertdir", "insecure"] as const).some((name) => given[name] !== undefined);
  const trusted = trusts ? undefined : named;
  const shown = given.cert !== undefined || given.key !== undefined ? undefined : named;
  const text = (name: "sni" | "cacert" | "cacertdir" | "cert" | "key", from: NamedContext | undefined) =>
    firstOf<string | undefined>(says.option(`--${name}`, given[name]), ours(from?.[name]), says.default(undefined));
  return {
    context,
    seeds: seedsFrom(given, seeds, uri, named),
    user: firstOf<string | undefined>(
      says.option("--user", given.user),
      says.option("-u", uri?.user),
      ours(named?.user),
      says.default(undefined),
    ),
    password: passwordFrom(given, uri, environment, named),
    tls: firstOf(
      says.option("--tls", given.tls),
      says.option("-u", uri?.tls === true ? true : undefined),
      ours(named?.tls === true ? true : undefined),
      says.default(false),
    ),
    sni: text("sni", named),
    cacert: text("cacert", trusted),
    cacertdir: text("cacertdir", trusted),
    cert: text("cert", shown),
    key: text("key", shown),
    insecure: firstOf(
      says.option("--insecure", given.insecure),
      ours(trusted?.insecure === true ? true : undefined),
      says.default(false),
    ),
    family: firstOf<4 | 6 | undefined>(
      says.option("-4", given.ipv4 === true ? 4 : undefined),
      says.option("-6", given.ipv6 === true ? 6 : undefined),
      says.default(undefined),
    ),
    zones: new Map([
      ...[...(named?.zones ?? [])].map(([host, zone]) => [host, ours(zone)] as const),
      ...[...(given.zone ?? [])].map(([host, zone]) => [host, says.option("--zone", zone)] as const),
    ]),
    addressMap: [
      ...(given.addressMap ?? []).map((mapping) => says.option("--address-map", mapping)),
      ...(named?.addressMap ?? []).map(ours),
    ],
    timeout: firstOf<number | undefined>(says.option("--timeout", given.timeout), says.default(undefined)),
  };
}

/** Nodes that the options and arguments of the command line name, to start from. */
export function nodesNamed(given: GivenSettings, seeds: readonly Address[]): readonly Address[] {
  const uri = given.uri === undefined ? undefined : parseUri(given.uri);
  return seedsFrom(given, seeds, uri, undefined).value;
}

function seedsFrom(
  { host, port, socket }: GivenSettings,
  seeds: readonly Address[],
  uri: ConnectionUri | undefined,
  context: NamedContext | undefined,
): Setting<readonly Address[]> {
  if (seeds.length > 0) return says.argument(seeds);
  if (socket !== undefined) return says.option("-s", [{ host: resolve(socket), port: 0 }]);
  const whole = typeof host === "string" && port === undefined ? parseAddress(host) : undefined;
  if (whole !== undefined) return says.option("-h", [whole]);
  if (typeof host === "string") return says.option("-h", [{ host, port: port ?? 6379 }]);
  if (port !== undefined) return says.option("-p", [{ host: "127.0.0.1", port }]);
  if (uri?.address !== undefined) return says.option("-u", [uri.address]);
  return context === undefined || context.seeds.length === 0
    ? says.default([])
    : says.context(context.name, context.seeds);
}

function passwordFrom(
  { pass, askpass }: GivenSettings,
  uri: ConnectionUri | undefined,
  environment: Environment,
  context: NamedContext | undefined,
): Effective["password"] {
  if (askpass === true) return says.option("--askpass", { kind: "asked" });
  if (pass !== undefined) return says.option("-a", { kind: "text", text: pass });
  if (uri?.password !== undefined) return says.option("-u", { kind: "text", text: uri.password });
  const variable = PASSWORD_VARIABLES.find((name) => environment[name] !== undefined && environment[name] !== "");
  if (variable !== undefined) return says.environment(variable, { kind: "environment", variable });
  return context?.password === undefined ? says.default(undefined) : says.context(context.name, context.password);
}
