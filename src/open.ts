import type { ContextUse, OpenContext } from "./cli/open-context.ts";
import type { GlobalOptions } from "./cli/options.ts";
import type { Login } from "./commands/context.ts";
import { chooseContext } from "./config/choose-context.ts";
import { type Effective, effectiveSettings, nodesNamed } from "./config/effective.ts";
import { readConfigFile } from "./config/read-config-file.ts";
import { connectSettings } from "./connection-settings.ts";
import { ExitCode, SlotctlError } from "./errors.ts";
import type { Address } from "./model/address.ts";
import type { ConnectSettings } from "./node/connect.ts";
import type { Connections } from "./node/connections.ts";
import { humanView } from "./view/human.ts";
import { jsonView } from "./view/json.ts";
import { liveProgress } from "./view/live-progress.ts";
import { jsonProgress, type Progress, plainProgress, silentProgress } from "./view/progress.ts";
import type { View } from "./view/view.ts";
import type { Prompt } from "./wizard/prompt.ts";

/** The process around a run, so that a test can stand in for it. */
export interface World {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly signal: AbortSignal;
}

const ANSWER_TIMEOUT_MS = 5_000;
const CLUSTER_TIMEOUT_MS = 60_000;

/** How the options of a run become the context of its command. A password is asked for once, however many are opened. */
export function contextOpener(world: World): OpenContext {
  let request: Promise<ConnectSettings> | undefined;
  return async (options, seeds, use = "any") => {
    const view = await viewFor(options, world);
    const effective = await effectiveOf(options, seeds, use, world);
    const { Connections } = await import("./node/connections.ts");
    const isFirst = request === undefined;
    const opening = () => settingsFor(effective, use, options, world);
    if (use === "any") request ??= opening();
    const settings = await (request ?? opening());
    if (isFirst && options.pass !== undefined && world.stderr.isTTY) {
      view.warning("a password on the command line can be seen by others; use SLOTCTL_AUTH or --askpass");
    }
    return {
      view,
      signal: world.signal,
      settings: effective,
      connections: new Connections(
        settings,
        effective.addressMap.map(({ value }) => value),
      ),
      connectElsewhere: (login) => connectElsewhere(login, options, world),
      seeds: effective.seeds.value,
      zones: new Map([...effective.zones].map(([host, { value }]) => [host, value])),
      timeout: options.timeout ?? CLUSTER_TIMEOUT_MS,
      confirm: (question) => confirm(question, options, world),
    };
  };
}

/** Reads the file with the contexts only for a command that could use one. */
async function effectiveOf(
  options: GlobalOptions,
  seeds: readonly Address[],
  use: ContextUse,
  { environment }: World,
): Promise<Effective> {
  const option = options.context;
  const variable = environment.SLOTCTL_CONTEXT;
  const named = nodesNamed(options, seeds);
  const wish = { option, variable, named, orCurrent: use !== "named" };
  const context = use === "none" ? none : chooseContext(await readConfigFile(environment), wish);
  return effectiveSettings(options, seeds, environment, context);
}

const none = { value: undefined, from: { kind: "default" } } as const;

/** A command that connects to nothing needs no password, and no certificate has to be there for it. */
async function settingsFor(
  effective: Effective,
  use: ContextUse,
  options: GlobalOptions,
  world: World,
): Promise<ConnectSettings> {
  const timeout = answerTimeoutOf(options);
  if (use === "none" || use === "shown") return { connectTimeout: timeout, commandTimeout: timeout };
  const { user, tls, sni, cacert, cacertdir, cert, key, insecure } = effective;
  const request = {
    user: user.value,
    tls: tls.value,
    sni: sni.value,
    cacert: cacert.value,
    cacertdir: cacertdir.value,
    cert: cert.value,
    key: key.value,
    insecure: insecure.value,
    ipv4: options.ipv4,
    ipv6: options.ipv6,
  };
  return connectSettings({ ...request, pass: await passwordOf(effective, world) }, timeout);
}

async function passwordOf({ password: { value } }: Effective, world: World): Promise<string | undefined> {
  if (value === undefined) return undefined;
  if (value.kind === "asked") return (await import("./wizard/ask-password.ts")).askPassword(world);
  const { fetchPassword } = await import("./config/fetch-password.ts");
  return fetchPassword(value, world);
}

/** The password of a source has a variable of its own: that of the cluster must not be shown to another server. */
async function connectElsewhere(login: Login, options: GlobalOptions, world: World): Promise<Connections> {
  const { environment, stdin, stderr } = world;
  if (login.askpass === true && options.askpass === true && !stdin.isTTY) {
    throw new SlotctlError("--askpass and --from-askpass cannot both read from a pipe", {
      code: "USAGE",
      exitCode: ExitCode.Usage,
      hint: "Give one of the passwords in SLOTCTL_AUTH or SLOTCTL_FROM_AUTH",
    });
  }
  if (login.pass !== undefined && stderr.isTTY) {
    (await viewFor(options, world)).warning(
      "a password on the command line can be seen by others; use SLOTCTL_FROM_AUTH or --from-askpass",
    );
  }
  const { Connections } = await import("./node/connections.ts");
  const asked = login.askpass === true ? await askSourcePassword(world) : login.pass;
  const { ipv4, ipv6 } = options;
  const { SLOTCTL_FROM_AUTH: variable = "" } = environment;
  const request = { ...login, pass: asked ?? (variable === "" ? undefined : variable), ipv4, ipv6 };
  const settings = connectSettings(request, answerTimeoutOf(options));
  return new Connections(settings, options.addressMap);
}

async function askSourcePassword(world: World): Promise<string> {
  const { askPassword } = await import("./wizard/ask-password.ts");
  return askPassword(world, "Please input the password of the source:");
}

/** One answer is waited for 5 s, or less where --timeout says so. */
function answerTimeoutOf({ timeout }: GlobalOptions): number {
  return timeout === undefined ? ANSWER_TIMEOUT_MS : Math.max(1, Math.min(timeout, ANSWER_TIMEOUT_MS));
}

/** The view that a run speaks through, by --output, --quiet, --progress and what stdout and stderr are. */
export async function viewFor(
  options: Pick<GlobalOptions, "output" | "quiet" | "progress" | "color">,
  world: World,
): Promise<View> {
  const { stdout, stderr } = world;
  const streams = {
    out: (text: string) => void stdout.write(text),
    talk: (text: string) => void stderr.write(text),
    quiet: options.quiet === true,
    progress: progressFor(options, world),
  };
  if (options.output === "json") return jsonView(streams);
  return humanView({
    ...streams,
    colour: { out: hasColour(options, stdout, world), talk: hasColour(options, stderr, world) },
    columns: columnsOf(stdout),
    talkColumns: columnsOf(stderr),
    told: isReadOut(world),
  });
}

function hasColour({ color }: Pick<GlobalOptions, "color">, stream: NodeJS.WriteStream, world: World): boolean {
  const { NO_COLOR = "", FORCE_COLOR = "", TERM = "" } = world.environment;
  if (!color || NO_COLOR !== "" || isReadOut(world)) return false;
  if (FORCE_COLOR !== "") return FORCE_COLOR !== "0";
  return stream.isTTY === true && TERM !== "dumb";
}

/** Undefined where it is no terminal, and where a terminal does not know: those begin with no columns at all. */
function columnsOf({ columns = 0 }: NodeJS.WriteStream): number | undefined {
  return columns > 0 ? columns : undefined;
}

/** Whether lines can be drawn anew in their place there, and whether that is wanted. */
function isDrawable(stream: NodeJS.WriteStream, world: World): boolean {
  const { environment } = world;
  if (isReadOut(world)) return false;
  return stream.isTTY === true && columnsOf(stream) !== undefined && environment.TERM !== "dumb";
}

/** Whether somebody listens to a screen reader. */
function isReadOut({ environment: { ACCESSIBLE = "" } }: World): boolean {
  return ACCESSIBLE !== "";
}

function progressFor(options: Pick<GlobalOptions, "progress" | "quiet" | "color">, world: World): Progress {
  const { progress, quiet } = options;
  const { stderr } = world;
  const talk = (text: string) => void stderr.write(text);
  if (progress === "json") return jsonProgress(talk);
  if (progress === "none" || quiet === true) return silentProgress;
  return isDrawable(stderr, world)
    ? liveProgress(stderr, { colour: hasColour(options, stderr, world) })
    : plainProgress(talk);
}

/** Draws lists to move about in, or numbers them, which a screen reader can read out. */
export async function promptFor(options: Pick<GlobalOptions, "color">, world: World): Promise<Prompt> {
  if (!isDrawable(world.stderr, world)) return (await import("./wizard/plain-prompt.ts")).plainPrompt(world);
  const colour = hasColour(options, world.stderr, world);
  return (await import("./wizard/drawn-prompt.ts")).drawnPrompt(world, { colour });
}

async function confirm(question: string, options: GlobalOptions, world: World): Promise<boolean> {
  if (options.yes === true) return true;
  if (!world.stdin.isTTY || !world.stderr.isTTY) {
    throw new SlotctlError("This changes the cluster, and there is no terminal to ask for consent", {
      code: "NOTHING_TO_ASK_WITH",
      exitCode: ExitCode.Usage,
      hint: "Nothing was changed. Add --yes to go ahead, or --dry-run to see the plan only",
    });
  }
  return (await promptFor(options, world)).confirm(question);
}
