import { describe, expect, test } from "vitest";
import { commandOf, errorOf } from "../../../helpers/drop-in-lines.ts";

describe("numbers", () => {
  const AT_LEAST_0 = "a whole number of at least 0";
  const AT_LEAST_1 = "a whole number of at least 1";
  const A_WEIGHT = "the beginning of a node id, '=' and a number of 0 or more";

  test.each([
    ["reshard", "--cluster-pipeline", "0", AT_LEAST_1],
    ["reshard", "--cluster-pipeline", "abc", AT_LEAST_1],
    ["fix", "--cluster-pipeline", "10abc", AT_LEAST_1],
    ["fix", "--cluster-pipeline", "-1", AT_LEAST_1],
    ["rebalance", "--cluster-pipeline", "1.5", AT_LEAST_1],
    ["create", "--cluster-replicas", "-1", AT_LEAST_0],
    ["create", "--cluster-replicas", "one", AT_LEAST_0],
    ["create", "--cluster-replicas", "99999999999", AT_LEAST_0],
    ["reshard", "--cluster-slots", "0", "a whole number from 1 to 16384"],
    ["reshard", "--cluster-slots", "-5", "a whole number from 1 to 16384"],
    ["reshard", "--cluster-slots", "16385", "a whole number from 1 to 16384"],
    ["reshard", "--cluster-slots", "10abc", "a whole number from 1 to 16384"],
    ["reshard", "--cluster-timeout", "soon", AT_LEAST_0],
    ["reshard", "--cluster-timeout", "-1", AT_LEAST_0],
    ["rebalance", "--cluster-threshold", "abc", "a percentage of 0 or more"],
    ["rebalance", "--cluster-threshold", "-1", "a percentage of 0 or more"],
    ["rebalance", "--cluster-threshold", "inf", "a percentage of 0 or more"],
    ["rebalance", "--cluster-weight", "a=abc", A_WEIGHT],
    ["rebalance", "--cluster-weight", "a=-1", A_WEIGHT],
    ["rebalance", "--cluster-weight", "a=nan", A_WEIGHT],
    ["rebalance", "--cluster-weight", "a=", A_WEIGHT],
    ["rebalance", "--cluster-weight", "=1", A_WEIGHT],
    ["rebalance", "--cluster-weight", "a=1=2", A_WEIGHT],
    ["rebalance", "--cluster-weight", "a:1", A_WEIGHT],
    ["rebalance", "--cluster-weight", "12", A_WEIGHT],
  ])("17.1.19 %s refuses %s %s", (name, option, value, expected) => {
    const text = `[ERR] Invalid ${option} '${value}': it must be ${expected}\n`;
    expect(errorOf(`--cluster ${name} 127.0.0.1:7001 ${option} ${value}`)).toBe(text);
  });

  test("17.1.19 the bounds themselves are taken", () => {
    expect(commandOf("--cluster reshard 127.0.0.1:7001 --cluster-slots 16384 --cluster-pipeline 1")).toMatchObject({
      slots: 16384,
      pipeline: 1,
      pipelineGiven: true,
    });
    expect(commandOf("--cluster rebalance 127.0.0.1:7001 --cluster-threshold 0 --cluster-weight a=0")).toMatchObject({
      threshold: 0,
      weights: [{ prefix: "a", weight: 0 }],
    });
  });

  test("a MIGRATE timeout of 0 is the second that servers make of it", () => {
    expect(commandOf("--cluster reshard 127.0.0.1:7001 --cluster-timeout 0")).toMatchObject({ timeout: 1000 });
  });

  test.each(["99", "0", "abc"])("set-timeout refuses %s with redis-cli's words", (value) => {
    const text = "Setting a node timeout of less than 100 milliseconds is a bad idea.\n";
    expect(errorOf(`--cluster set-timeout 127.0.0.1:7001 ${value}`)).toBe(text);
  });

  test("set-timeout refuses what only begins with a number", () => {
    const text = "[ERR] Invalid node timeout '5000ms': it must be a whole number of at least 100\n";
    expect(errorOf("--cluster set-timeout 127.0.0.1:7001 5000ms")).toBe(text);
  });

  test.each(["foo", "-1", "70000"])("-p %s is no port", (port) => {
    expect(errorOf(`--cluster info 127.0.0.1:7001 -p ${port}`)).toBe("Invalid server port.\n");
  });
});
