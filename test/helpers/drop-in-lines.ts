import { expect } from "vitest";
import { parseDropIn } from "../../src/cli/drop-in/command-line.ts";
import type { DropIn } from "../../src/cli/drop-in/drop-in.ts";

/** Words as a shell would split them; quotes are not needed here. */
export function words(line: string): readonly string[] {
  return line.split(" ").filter(Boolean);
}

export function parse(line: string, env: Record<string, string> = {}, stdin?: string): DropIn {
  return parseDropIn(words(line), env, stdin === undefined ? undefined : () => stdin);
}

export function commandOf(line: string, env: Record<string, string> = {}, stdin?: string) {
  const parsed = parse(line, env, stdin);
  if (parsed.kind !== "command") throw new Error(`"${line}" is no command: ${JSON.stringify(parsed)}`);
  return parsed.command;
}

export function connectionOf(line: string, env: Record<string, string> = {}) {
  const parsed = parse(line, env);
  if (parsed.kind !== "command") throw new Error(`"${line}" is no command: ${JSON.stringify(parsed)}`);
  return parsed.connection;
}

export function errorOf(line: string): string {
  const parsed = parse(line);
  if (parsed.kind !== "error") throw new Error(`"${line}" is no error: ${JSON.stringify(parsed)}`);
  expect(parsed.exitCode).toBe(1);
  return parsed.text;
}

export const a = { host: "127.0.0.1", port: 7001 };

export const b = { host: "127.0.0.1", port: 7002 };

export const c = { host: "127.0.0.1", port: 7003 };

export const PLAIN = { askPass: false, noAuthWarning: false, tls: false, insecure: false };

export const MOVES = { timeout: 60_000, pipeline: 10, pipelineGiven: false, replace: false };

export const CHECKS = { address: a, searchMultipleOwners: false };
