import { describe, expect, test } from "vitest";
import {
  CREATE_QUESTION,
  createStepText,
  FEW_PRIMARIES_QUESTION,
  fewPrimariesText,
  JOIN_WAIT,
  tooFewNodesText,
} from "../../../../src/view/redis-cli/create-lines.ts";
import { type RedisCliStyle, redisCliLine } from "../../../../src/view/redis-cli/style.ts";
import { COLOURED, REDIS } from "../../../helpers/redis-cli-clusters.ts";

describe("the other lines of create", () => {
  const style: RedisCliStyle = REDIS;

  test("in the order in which they appear", () => {
    const { begin, dot, end } = JOIN_WAIT;
    const lines = [
      CREATE_QUESTION,
      createStepText("configured", style),
      createStepText("epochs", style),
      createStepText("meet", style),
      begin,
      dot,
      dot,
      end,
    ];
    expect(lines.join("")).toBe(
      `Can I set the above configuration? (type 'yes' to accept): >>> Nodes configuration updated
>>> Assign a different config epoch to each node
>>> Sending CLUSTER MEET messages to join the cluster
Waiting for the cluster to join
..
`,
    );
  });

  test("8.1.1 redis-cli refuses fewer than three primaries", () => {
    expect(tooFewNodesText(5, 1, style)).toBe(
      `*** ERROR: Invalid configuration for cluster creation.
*** Redis Cluster requires at least 3 master nodes.
*** This is not possible with 5 nodes and 1 replicas per node.
*** At least 6 nodes are required.
`,
    );
    expect(tooFewNodesText(5, 1, COLOURED)).toMatch(
      /^\u001b\[31;1m\*\*\* ERROR.*per node\.\u001b\[0m\u001b\[31;1m\n.*\n\u001b\[0m$/s,
    );
  });

  test("8.1.1 valkey-cli asks", () => {
    expect(fewPrimariesText(2, 1, style) + FEW_PRIMARIES_QUESTION).toBe(
      "Requested to create a cluster with 2 primaries and 1 replicas per primary.\nValkey cluster requires at least 3 primary nodes for automatic failover. Are you sure? (type 'yes' to accept): ",
    );
  });

  test("redisCliLine colours by level", () => {
    expect(redisCliLine("plain", "text", COLOURED)).toBe("text\n");
    expect(redisCliLine("warning", "*** text", COLOURED)).toBe("\u001b[33;1m*** text\n\u001b[0m");
    expect(redisCliLine("error", "[ERR] text", REDIS)).toBe("[ERR] text\n");
  });
});
