import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // vitest's own lines for people; ours, which comes last, for scripts.
    reporters: [["default", { summary: false }], "./test/helpers/closing-line-reporter.ts"],
    projects: [
      // They only reckon, and are done in no time; the limit is there for what hangs, also on a machine with much else to do.
      project("unit", { testTimeout: 60_000, order: 0 }),
      // Servers spend most of a test waiting for each other, so three files at a time keep two cores busy.
      project("integration", { testTimeout: 120_000, order: 1, maxWorkers: 3 }),
      project("pty", { testTimeout: 60_000, order: 2, maxWorkers: 1 }),
    ],
  },
});

interface ProjectSettings {
  readonly testTimeout: number;
  /** Projects run one after another. */
  readonly order: number;
  readonly maxWorkers?: number;
}

function project(name: string, { testTimeout, order, maxWorkers }: ProjectSettings) {
  return {
    extends: true as const,
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      testTimeout,
      hookTimeout: testTimeout,
      sequence: { groupOrder: order },
      ...(maxWorkers === undefined ? {} : { maxWorkers }),
    },
  };
}
