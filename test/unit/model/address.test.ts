import { describe, expect, test } from "vitest";
import { busPortOf, formatAddress, parseAddress } from "../../../src/model/address.ts";
import { parseAddressMapping, toInside, toOutside } from "../../../src/model/address-map.ts";

describe("parseAddress", () => {
  test.each([
    ["127.0.0.1:7000", { host: "127.0.0.1", port: 7000 }],
    ["redis-1.example.com:6379", { host: "redis-1.example.com", port: 6379 }],
    ["[::1]:7000", { host: "::1", port: 7000 }],
    ["::1:7000", { host: "::1", port: 7000 }],
    ["[2001:db8::5]:7000@17001", { host: "2001:db8::5", port: 7000, busPort: 17_001 }],
    ["127.0.0.1:7000@17000,host.example.com", { host: "127.0.0.1", port: 7000, busPort: 17_000 }],
  ])("reads %s", (text, expected) => {
    expect(parseAddress(text)).toEqual(expected);
  });

  test.each(["", "host", ":7000", "host:0", "host:65536", "host:70x", "a b:7000", "h:1@x", "redis://h:1", "[::1:7000"])(
    "refuses %j",
    (text) => {
      expect(parseAddress(text)).toBeUndefined();
    },
  );

  test("an IPv6 address is written in brackets", () => {
    expect(formatAddress({ host: "::1", port: 7000 })).toBe("[::1]:7000");
  });

  test("the bus port is the one that was said, or the usual one", () => {
    expect(busPortOf({ host: "h", port: 7000 })).toBe(17_000);
    expect(busPortOf({ host: "h", port: 7000, busPort: 7777 })).toBe(7777);
  });
});

describe("an address map", () => {
  const map = [parseAddressMapping("10.0.0.5:6379=localhost:7005")!, parseAddressMapping("172.17.0.2=127.0.0.1")!];

  test("translates what the servers know into what works from here, and back", () => {
    expect(toOutside(map, { host: "10.0.0.5", port: 6379 })).toEqual({ host: "localhost", port: 7005 });
    expect(toOutside(map, { host: "172.17.0.2", port: 7001, busPort: 17_001 })).toEqual({
      host: "127.0.0.1",
      port: 7001,
      busPort: 17_001,
    });
    expect(toInside(map, { host: "localhost", port: 7005 })).toEqual({ host: "10.0.0.5", port: 6379 });
  });

  test("leaves every other address alone", () => {
    expect(toOutside(map, { host: "10.0.0.5", port: 6380 })).toEqual({ host: "10.0.0.5", port: 6380 });
  });

  test.each(["10.0.0.1", "=x", "x=", "a=b=c", "10.0.0.1:7000=host", "7000=8000"])("refuses %j", (text) => {
    expect(parseAddressMapping(text)).toBeUndefined();
  });
});
