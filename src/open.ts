import type { OpenContext } from "./cli/open-context.ts";
import type { GlobalOptions } from "./cli/options.ts";
import type { Login } from "./commands/context.ts";
import { type ConnectionRequest, connectSettings, type Environment, parseUri } from "./connection-settings.ts";
import { ExitCode, SlotctlError } from "./errors.ts";
import { type Address, parseAddress } from "./model/address.ts";
import type { Connections } from "./node/connections.ts";
import { humanView } from "./view/human.ts";
import { jsonView } from "./view/json.ts";
import { liveProgress } from "./view/live-progress.ts";
import { jsonProgress, type Progress, plainProgress, silentProgress } from "./view/progress.ts";
import type { View } from "./view/view.ts";
import type { Prompt } from "./wizard/prompt.ts";

/** The process around a run, so that a test can stand in for it. */
export interface World {
  readonly environment: Environment;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly signal: AbortSignal;
}

const ANSWER_TIMEOUT_MS = 5_000;
const CLUSTER_TIMEOUT_MS = 60_000;

/** How the options of a run become the context of its command. A password is asked for once, however many are opened. */
export function contextOpener(world: World): OpenContext {
  let request: Promise<ConnectionRequest> | undefined;
  return async (options, seeds) => {
    const view = viewFor(options, world);
    const { Connections } = await import("./node/connections.ts");
    const timeout = options.timeout ?? CLUSTER_TIMEOUT_MS;
    const answerTimeout = answerTimeoutOf(options);
    const isFirst = request === undefined;
    request ??= withAskedPassword(options, world);
    const settings = connectSettings(await request, world.environment, answerTimeout);
    if (isFirst && options.pass !== undefined && world.stderr.isTTY) {
      view.warning("a password on the command line can be seen by others; use SLOTCTL_AUTH or --askpass");
    }
    return {
      view,
      signal: world.signal,
      connections: new Connections(settings, options.addressMap),
      connectElsewhere: (login) => connectElsewhere(login, options, world),
      seeds: seedsOf(options, seeds),
      zones: options.zone ?? new Map(),
      timeout,
      confirm: (question) => confirm(question, options, world),
    };
  };
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
    viewFor(options, world).warning(
      "a password on the command line can be seen by others; use SLOTCTL_FROM_AUTH or --from-askpass",
    );
  }
  const { Connections } = await import("./node/connections.ts");
  const asked = login.askpass === true ? await askSourcePassword(world) : login.pass;
  const { ipv4, ipv6 } = options;
  const request = { ...login, pass: asked, ipv4, ipv6 };
  const settings = connectSettings(request, { SLOTCTL_AUTH: environment.SLOTCTL_FROM_AUTH }, answerTimeoutOf(options));
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
export function viewFor(options: Pick<GlobalOptions, "output" | "quiet" | "progress" | "color">, world: World): View {
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
    columns: stdout.columns ?? 80,
    talkColumns: stderr.columns,
  });
}

function hasColour(
  { color }: Pick<GlobalOptions, "color">,
  stream: NodeJS.WriteStream,
  { environment }: World,
): boolean {
  const { NO_COLOR = "", FORCE_COLOR = "", TERM = "" } = environment;
  if (!color || NO_COLOR !== "") return false;
  if (FORCE_COLOR !== "") return FORCE_COLOR !== "0";
  return stream.isTTY === true && TERM !== "dumb";
}

function progressFor(
  { progress, quiet }: Pick<GlobalOptions, "progress" | "quiet">,
  { stderr, environment }: World,
): Progress {
  const talk = (text: string) => void stderr.write(text);
  if (progress === "json") return jsonProgress(talk);
  if (progress === "none" || quiet === true) return silentProgress;
  return stderr.isTTY && environment.TERM !== "dumb" ? liveProgress(stderr) : plainProgress(talk);
}

function seedsOf({ host, port, socket, uri }: GlobalOptions, seeds: readonly Address[]): readonly Address[] {
  if (seeds.length > 0) return seeds;
  if (socket !== undefined) return [{ host: socket.startsWith("/") ? socket : `${process.cwd()}/${socket}`, port: 0 }];
  const whole = typeof host === "string" && port === undefined ? parseAddress(host) : undefined;
  if (whole !== undefined) return [whole];
  if (typeof host === "string" || port !== undefined) {
    return [{ host: typeof host === "string" ? host : "127.0.0.1", port: port ?? 6379 }];
  }
  const address = uri === undefined ? undefined : parseUri(uri).address;
  return address === undefined ? [] : [address];
}

async function withAskedPassword(options: GlobalOptions, world: World): Promise<ConnectionRequest> {
  if (options.askpass !== true) return options;
  const { askPassword } = await import("./wizard/ask-password.ts");
  return { ...options, pass: await askPassword(world) };
}

/** Draws lists to move about in, or without colours numbers them, which a screen reader can read out. */
export async function promptFor(options: Pick<GlobalOptions, "color">, world: World): Promise<Prompt> {
  if (!hasColour(options, world.stderr, world)) return (await import("./wizard/plain-prompt.ts")).plainPrompt(world);
  return (await import("./wizard/drawn-prompt.ts")).drawnPrompt(world);
}

async function confirm(question: string, { yes = false }: GlobalOptions, world: World): Promise<boolean> {
  if (yes) return true;
  if (!world.stdin.isTTY || !world.stderr.isTTY) {
    throw new SlotctlError("This changes the cluster, and there is no terminal to ask for consent", {
      code: "NOTHING_TO_ASK_WITH",
      exitCode: ExitCode.Usage,
      hint: "Nothing was changed. Add --yes to go ahead, or --dry-run to see the plan only",
    });
  }
  const { askYesOrNo } = await import("./wizard/ask-yes-or-no.ts");
  return askYesOrNo(question, world);
}
