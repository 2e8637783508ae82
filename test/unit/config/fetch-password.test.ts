import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fetchPassword } from "../../../src/config/fetch-password.ts";
import { scratchDirectory } from "../../helpers/scratch.ts";

const options = { environment: { PATH: process.env.PATH, HERE: "pw" }, signal: new AbortController().signal };

function fileWith(text: string, mode: number): string {
  const path = join(scratchDirectory("password").path, "secret");
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

function command(...words: readonly [string, ...string[]]) {
  return fetchPassword({ kind: "command", words }, options);
}

test("an environment variable", async () => {
  expect(await fetchPassword({ kind: "environment", variable: "HERE" }, options)).toBe("pw");
  await expect(fetchPassword({ kind: "environment", variable: "GONE" }, options)).rejects.toMatchObject({
    code: "PASSWORD_UNAVAILABLE",
    message: expect.stringContaining("GONE is not set"),
  });
});

describe("a file", () => {
  test.each([
    ["pw", 0o600],
    ["pw\n", 0o400],
    ["pw\r\nlogin: x\n", 0o440],
  ])("%j with mode %o: its first line", async (text, mode) => {
    expect(await fetchPassword({ kind: "file", path: fileWith(text, mode) }, options)).toBe("pw");
  });

  test.each([
    ["pw", 0o604, /can be read by everybody/],
    ["\npw", 0o600, /first line .* is empty/],
    ["", 0o600, /first line .* is empty/],
  ])("%j with mode %o is refused", async (text, mode, message) => {
    const path = fileWith(text, mode);
    await expect(fetchPassword({ kind: "file", path }, options)).rejects.toMatchObject({
      code: "PASSWORD_UNAVAILABLE",
      message: expect.stringMatching(message),
    });
  });

  test.each(["/nowhere/at/all", "/dev", "/dev/zero"])("%s is none", async (path) => {
    await expect(fetchPassword({ kind: "file", path }, options)).rejects.toMatchObject({
      code: "PASSWORD_UNAVAILABLE",
    });
  });
});

describe("a command", () => {
  test("its words are words: nothing is split, expanded or run by a shell", async () => {
    expect(await command("printf", "%s|%s|%s|%s\n", "a  b", "$HOME", ";id", "*")).toBe("a  b|$HOME|;id|*");
  });

  test("its first line counts, and it reads nothing of ours", async () => {
    expect(await command("printf", "pw\\nsecond\\n")).toBe("pw");
    expect(await command("sh", "-c", "cat; echo done")).toBe("done");
  });

  test("endless output is cut, and not kept", async () => {
    expect(await command("sh", "-c", "echo pw; head -c 1000000 /dev/zero")).toBe("pw");
  });

  test.each([
    [["no-such-program-anywhere"], /cannot be run: ENOENT/],
    [["sh", "-c", "echo secret; exit 3"], /sh ended with exit code 3/],
    [["sh", "-c", "kill -9 $$"], /sh ended with SIGKILL/],
    [["true"], /first line that true printed is empty/],
  ] as [[string, ...string[]], RegExp][])("%j fails", async (words, message) => {
    const failure = command(...words);
    await expect(failure).rejects.toMatchObject({
      code: "PASSWORD_UNAVAILABLE",
      exitCode: 2,
      message: expect.stringMatching(message),
    });
    await expect(failure).rejects.not.toMatchObject({ message: expect.stringContaining("secret") });
  });

  test("a run that is stopped does not wait for it", async () => {
    const signal = AbortSignal.abort();
    const source = { kind: "command", words: ["sleep", "60"] } as const;
    await expect(fetchPassword(source, { ...options, signal })).rejects.toThrow();
  });
});
