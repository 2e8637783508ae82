import { configPath, readConfigFile } from "../config/read-config-file.ts";
import { ExitCode } from "../errors.ts";
import type { Context } from "./context.ts";

interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Tells how a cluster would be reached, and who says so. */
export async function configShow({ environment }: Surroundings, { view, settings }: Context): Promise<ExitCode> {
  const exists = (await readConfigFile(environment)) !== undefined;
  view.result({ kind: "config-show", path: configPath(environment), exists, settings });
  return ExitCode.Ok;
}

export async function configContexts({ environment }: Surroundings, { view, settings }: Context): Promise<ExitCode> {
  const file = await readConfigFile(environment);
  view.result({
    kind: "config-contexts",
    path: configPath(environment),
    exists: file !== undefined,
    contexts: [...(file?.contexts.values() ?? [])],
    chosen: settings.context.value?.name,
  });
  return ExitCode.Ok;
}
