import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { describe, expect, test } from "vitest";
import { readProgram } from "../../../scripts/man/program-help.ts";
import { ExitCode, SlotctlError } from "../../../src/errors.ts";
import { jsonView } from "../../../src/view/json.ts";
import { jsonProgress } from "../../../src/view/progress.ts";
import { publishedSchema } from "../../../src/view/schema/published-schema.ts";
import { SCHEMA_NAMES, type SchemaName } from "../../../src/view/schema/schema-names.ts";
import type { Result, View } from "../../../src/view/view.ts";
import { misfitOf, validatorOf } from "../../helpers/published-schemas.ts";
import { EVENTS, PLAN, RESULTS, SHOWN_MOVES } from "../../helpers/sample-results.ts";

type Json = Readonly<Record<string, unknown>>;

/** What the JSON view writes, as it writes it. */
function written(speak: (view: View) => void): Json {
  let text = "";
  const out = (part: string) => {
    text += part;
  };
  speak(jsonView({ out, talk: () => undefined, quiet: true }));
  return JSON.parse(text) as Json;
}

function schemaOf({ command }: Json): SchemaName {
  return command === "sandbox" ? "sandbox status" : (command as SchemaName);
}

const results: readonly Result[] = Object.values(RESULTS).flat();

const documents = results.map((result) => written((view) => view.result(result)));

const failed = new SlotctlError("It did not work", {
  code: "NOT_SO",
  exitCode: ExitCode.Partial,
  hint: "Try again",
  details: ["one", "two"],
});

describe("every schema", () => {
  test.each(SCHEMA_NAMES)("%s is one of draft 2020-12 and needs no other file", (name) => {
    expect(publishedSchema(name).$schema).toBe("https://json-schema.org/draft/2020-12/schema");
    expect(validatorOf(name).errors ?? []).toEqual([]);
  });

  test("has an id and a title of its own", () => {
    const schemas = SCHEMA_NAMES.map((name) => publishedSchema(name));
    expect(new Set(schemas.map(({ $id }) => $id)).size).toBe(SCHEMA_NAMES.length);
    expect(new Set(schemas.map(({ title }) => title)).size).toBe(SCHEMA_NAMES.length);
  });
});

test("there is one for every command that has a result, and for nothing else but errors, plans and events", () => {
  const { program } = readProgram("0.0.0");
  const leaves = (command: Command, name: string): readonly string[] => [
    ...(command.commands.length === 0 || name === "backup" ? [name] : []),
    ...command.commands.flatMap((one) => leaves(one, `${name} ${one.name()}`)),
  ];
  const names = program.commands.flatMap((command) => leaves(command, command.name()));
  const withResult = names.filter((name) => name !== "help" && name !== "wizard");
  expect([...SCHEMA_NAMES].sort()).toEqual([...withResult, "error", "plan", "progress"].sort());
});

describe("what is written", () => {
  test.each(documents.map((document, i) => [`${results[i]!.kind} ${i}`, document] as const))(
    "%s fits",
    (_, document) => {
      expect(misfitOf(schemaOf(document), document)).toBe("");
    },
  );

  test("is covered, command by command", () => {
    const covered = new Set(documents.map(schemaOf));
    const same = ["resume", "set-timeout", "sandbox start", "sandbox stop", "error", "plan", "progress"];
    expect(SCHEMA_NAMES.filter((name) => !covered.has(name) && !same.includes(name))).toEqual([]);
  });

  test.each(SCHEMA_NAMES.filter((name) => name !== "plan" && name !== "progress"))("%s may fail", (name) => {
    const document = written((view) => view.error(failed));
    expect(misfitOf(name, document)).toBe("");
  });

  test("a failure has the plan that was shown, where the command has one", () => {
    const document = written((view) => {
      view.plan(SHOWN_MOVES);
      view.error(failed);
    });
    expect(document.plan).toBeDefined();
    expect(misfitOf("rebalance", document)).toBe("");
    expect(misfitOf("error", document)).not.toBe("");
  });

  test("every event fits", () => {
    const lines: string[] = [];
    const progress = jsonProgress((text) => lines.push(text));
    for (const event of Object.values(EVENTS).flat()) progress.event(event);
    expect(lines.length).toBeGreaterThan(20);
    for (const line of lines) expect(misfitOf("progress", JSON.parse(line)), line).toBe("");
  });

  test("a plan fits", () => {
    expect(misfitOf("plan", JSON.parse(JSON.stringify(PLAN)))).toBe("");
  });
});

/** Copies of a document, each with one field more or one less, with the place of that. */
function* damaged(value: unknown, place: string): Generator<readonly [string, unknown]> {
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) {
      for (const [at, other] of damaged(item, `${place}[${i}]`)) yield [at, value.with(i, other)];
    }
    return;
  }
  if (typeof value !== "object" || value === null) return;
  yield [`${place}.unheardOf`, { ...value, unheardOf: 1 }];
  for (const [name, field] of Object.entries(value)) {
    for (const [at, other] of damaged(field, `${place}.${name}`)) yield [at, { ...value, [name]: other }];
  }
}

/** Objects whose fields have names that servers and people give. */
const OPEN = /\.settings\.unheardOf$|\.keys\.unheardOf$/;

test.each(documents.map((document, i) => [`${results[i]!.kind} ${i}`, document] as const))(
  "%s does not fit with a field more, anywhere in it",
  (_, document) => {
    for (const [place, other] of damaged(document, "")) {
      if (!OPEN.test(place)) expect(misfitOf(schemaOf(document), other), place).not.toBe("");
    }
  },
);

test("the version in the documents is the one in the schemas' ids", () => {
  expect(readFileSync("src/view/schema/schema-version.ts", "utf8")).toContain(`= ${documents[0]!.schemaVersion};`);
  expect(publishedSchema("check").$id).toBe(`urn:slotctl:schema:${documents[0]!.schemaVersion}:check`);
});
