import { defined } from "./defined.ts";
import type { DropInConnection, Environment } from "./drop-in.ts";
import { type Given, has, last } from "./given.ts";
import { decimal, wholeNumber } from "./numbers.ts";
import { refusal } from "./stop.ts";

export function connectionOf(given: Given, env: Environment): DropInConnection {
  const askPass = has(given, "--askpass");
  const { user, password = passwordIn(env), tls } = credentialsOf(given);
  checkServerPort(last(given, "-p"));
  return defined({
    user,
    password: askPass ? undefined : password,
    askPass,
    noAuthWarning: has(given, "--no-auth-warning"),
    tls: tls || has(given, "--tls"),
    insecure: has(given, "--insecure"),
    sni: last(given, "--sni"),
    cacert: last(given, "--cacert"),
    cacertdir: last(given, "--cacertdir"),
    cert: last(given, "--cert"),
    key: last(given, "--key"),
    ciphers: last(given, "--tls-ciphers"),
    cipherSuites: last(given, "--tls-ciphersuites"),
    connectTimeoutSeconds: connectTimeoutOf(last(given, "-t")),
    family: familyOf(given),
  });
}

interface Credentials {
  user?: string;
  password?: string;
  tls: boolean;
}

/** The later of --user, -a and -u wins. */
function credentialsOf({ options }: Given): Credentials {
  const found: Credentials = { tls: false };
  for (const { name, value } of options) {
    if (name === "--user") found.user = value;
    if (name === "-a") found.password = value;
    if (name === "-u") Object.assign(found, parseUri(value));
  }
  return found;
}

/**
 * "rediss://user:password@host:port/db": what stands behind the @ is not used. A user or password alone before it is
 * the password, and an empty user is none.
 */
function parseUri(uri: string): Partial<Credentials> {
  const match = /^(?:redis|valkey)(s?):\/\/(.*)$/is.exec(uri);
  if (match === null) throw refusal("Invalid URI scheme");
  const tls = match[1] === "" ? {} : { tls: true };
  const userInfo = /^([^@]*)@/.exec(match[2]!)?.[1];
  if (userInfo === undefined) return tls;
  const colon = userInfo.indexOf(":");
  const user = percentDecoded(userInfo.slice(0, Math.max(colon, 0)));
  return { ...tls, ...(user === "" ? {} : { user }), password: percentDecoded(userInfo.slice(colon + 1)) };
}

function percentDecoded(text: string): string {
  if (text.endsWith("%")) throw refusal("Incomplete URI encoding");
  try {
    return decodeURIComponent(text);
  } catch {
    throw refusal("Illegal character in URI encoding");
  }
}

/** An empty variable counts as none; redis-cli would send an empty password. */
function passwordIn(env: Environment): string | undefined {
  return env.SLOTCTL_AUTH || env.VALKEYCLI_AUTH || env.REDISCLI_AUTH || undefined;
}

function checkServerPort(port: string | undefined): void {
  if (port !== undefined && wholeNumber(port, { least: 0, most: 65_535 }) === undefined) {
    throw refusal("Invalid server port.");
  }
}

function connectTimeoutOf(text: string | undefined): number | undefined {
  const seconds = text === undefined ? 0 : decimal(text);
  if (seconds === undefined) throw refusal("Invalid connection timeout for -t.");
  return seconds === 0 ? undefined : seconds;
}

function familyOf(given: Given): 4 | 6 | undefined {
  const [four, six] = [has(given, "-4"), has(given, "-6")];
  if (four && six) throw refusal("Options -4 and -6 are mutually exclusive.");
  if (four) return 4;
  return six ? 6 : undefined;
}

export function warningsOf(given: Given): readonly string[] {
  const { password } = credentialsOf(given);
  const pushes = given.options.filter(({ name, value }) => name === "--show-pushes" && !/^[yn]/i.test(value));
  return [
    ...pushes.map(({ value }) => `Unknown --show-pushes value '${value}' (valid: '[y]es', '[n]o')`),
    ...(password === undefined || has(given, "--no-auth-warning") ? [] : [PASSWORD_WARNING]),
  ];
}

const PASSWORD_WARNING =
  "Warning: Using a password with '-a' or '-u' option on the command line interface may not be safe.";
