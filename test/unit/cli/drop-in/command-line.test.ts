import { describe, expect, test } from "vitest";
import { isDropIn } from "../../../../src/cli/drop-in/command-line.ts";
import { words } from "../../../helpers/drop-in-lines.ts";

describe("isDropIn", () => {
  test.each([
    ["--cluster check 127.0.0.1:7001", true],
    ["-a secret --tls --cluster info 127.0.0.1:7001", true],
    ["--cluster-weight a=1 b=2 --cluster rebalance 127.0.0.1:7001", true],
    ["--cluster", true],
    ["--no-such-option --cluster check", true],
    ["-a --cluster check 127.0.0.1:7001", false],
    ["-h --cluster", false],
    ["--cluster-to --cluster check", false],
    ["call 127.0.0.1:7001 get --cluster", false],
    ["check 127.0.0.1:7001 --cluster-yes", false],
    ["--help", false],
    ["", false],
  ])("of '%s' is %s", (line, expected) => {
    expect(isDropIn(words(line))).toBe(expected);
  });
});
