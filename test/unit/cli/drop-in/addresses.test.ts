import { describe, expect, test } from "vitest";
import { a, commandOf, errorOf } from "../../../helpers/drop-in-lines.ts";

const INVALID_ADDRESS =
  "[ERR] Invalid arguments: you need to pass either a valid address (ie. 120.0.0.1:7000) or space separated IP and port (ie. 120.0.0.1 7000)\n";

describe("addresses", () => {
  test.each(["check", "info", "fix", "reshard", "rebalance"])("17.1.6 %s takes host and port as two words", (name) => {
    expect(commandOf(`--cluster ${name} 127.0.0.1 7001`)).toEqual(commandOf(`--cluster ${name} 127.0.0.1:7001`));
  });

  test.each([
    "add-node 127.0.0.1 7001",
    "add-node 127.0.0.1:7001 127.0.0.1",
    "del-node 127.0.0.1 7001",
    "call 127.0.0.1 7001",
    "set-timeout 127.0.0.1 7001",
    "import 127.0.0.1 --cluster-from 127.0.0.1:7002",
    "backup 127.0.0.1 7001",
  ])("17.1.7 a host without a port is refused in '--cluster %s'", (line) => {
    expect(errorOf(`--cluster ${line}`)).toBe(INVALID_ADDRESS);
  });

  test.each(["127.0.0.1:7001@17001", "127.0.0.1:7001@17001,host.example", "127.0.0.1:7001@x"])(
    "17.1.8 the bus port of %s is dropped",
    (address) => {
      expect(commandOf(`--cluster info ${address}`)).toEqual({ subcommand: "info", address: a });
      expect(commandOf(`--cluster call ${address} ping`)).toMatchObject({ address: a });
      expect(commandOf(`--cluster create ${address}`)).toMatchObject({ addresses: [a] });
      expect(commandOf(`--cluster import ${address} --cluster-from ${address}`)).toMatchObject({ address: a, from: a });
    },
  );

  test.each(["::1:7001", "::1 7001", "[::1]:7001", "[::1] 7001"])("17.1.9 '%s' is the IPv6 address ::1", (address) => {
    expect(commandOf(`--cluster info ${address}`)).toEqual({
      subcommand: "info",
      address: { host: "::1", port: 7001 },
    });
  });

  test.each([
    "127.0.0.1",
    "127.0.0.1:0",
    "127.0.0.1:abc",
    "127.0.0.1:70x",
    "127.0.0.1:70000",
    ":7001",
    "127.0.0.1 0",
    "127.0.0.1 x",
    "127.0.0.1:7001 7002",
    "127.0.0.1:7001 stray",
  ])("17.1.10 '%s' is no address", (address) => {
    expect(errorOf(`--cluster check ${address}`)).toBe(INVALID_ADDRESS);
  });

  test("17.1.11 create names the bad address", () => {
    expect(errorOf("--cluster create 127.0.0.1:7001 127.0.0.1 127.0.0.1:7003")).toBe(
      "Invalid address format: 127.0.0.1\n",
    );
  });

  test("a host name is kept as it was typed", () => {
    expect(commandOf("--cluster info Redis-1.Example.com:7001")).toMatchObject({
      address: { host: "Redis-1.Example.com", port: 7001 },
    });
  });
});
