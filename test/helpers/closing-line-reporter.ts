import type { Reporter, TestCase, TestModule, TestRunEndReason, TestSuite } from "vitest/node";

/** Prints "N passed, N failed" as the very last line, with ", N skipped" when there are any, for scripts to read. */
export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], strayErrors: readonly unknown[], reason: TestRunEndReason): void {
    const tally = tallyOf(modules, strayErrors.length);
    // A run that went wrong in a way nobody foresaw must not look like a good one.
    const failed = reason !== "passed" && tally.failed === 0 ? 1 : tally.failed;
    const skipped = tally.skipped === 0 ? "" : `, ${tally.skipped} skipped`;
    process.stdout.write(`${tally.passed} passed, ${failed} failed${skipped}\n`);
  }
}

interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Tests are counted; so is, as a failure, what broke outside of any: a file that does not load, a hook, a stray error. */
function tallyOf(modules: readonly TestModule[], strayErrors: number): Tally {
  const states = modules.flatMap((module) => [...module.children.allTests()].map(stateOf));
  const count = (state: string) => states.filter((other) => other === state).length;
  const broken = modules.flatMap((module) => [module, ...module.children.allSuites()]).filter(isBroken);
  return { passed: count("passed"), failed: count("failed") + broken.length + strayErrors, skipped: count("skipped") };
}

/** A test that never got its turn, as after Ctrl-C, counts as skipped. */
function stateOf(test: TestCase): "passed" | "failed" | "skipped" {
  const { state } = test.result();
  return state === "pending" ? "skipped" : state;
}

function isBroken(container: TestModule | TestSuite): boolean {
  return container.errors().length > 0;
}
