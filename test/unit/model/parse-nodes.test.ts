import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MalformedNodes, nodesParser, parseNodes } from "../../../src/model/parse-nodes.ts";
import { formatRanges, toRanges } from "../../../src/model/slot.ts";

const A = "a".repeat(40);
const B = "b".repeat(40);

/** The one line of a node that knows only itself, with this address and these claims. */
function lone(address: string, claims = "", flags = "myself,master") {
  return parseNodes(`${A} ${address} ${flags} - 0 0 1 connected${claims === "" ? "" : ` ${claims}`}\n`).myself;
}

describe("the address of a node", () => {
  test.each([
    ["Redis 5", "127.0.0.1:7000@17000", { host: "127.0.0.1", port: 7000, busPort: 17_000 }],
    ["Redis 3", "127.0.0.1:7000", { host: "127.0.0.1", port: 7000, busPort: undefined }],
    ["a custom bus port", "127.0.0.1:7000@7777", { host: "127.0.0.1", port: 7000, busPort: 7777 }],
    ["a hostname", "127.0.0.1:7000@17000,db.example.com", { hostname: "db.example.com" }],
    ["no hostname but a comma", "127.0.0.1:7000@17000,", { hostname: undefined }],
    ["IPv6", "2001:db8::1:7000@17000", { host: "2001:db8::1", port: 7000 }],
    ["a node that never met anybody", ":7000@17000", { host: "", port: 7000 }],
    ["no address at all", ":0@0", { host: "", port: 0, busPort: undefined }],
    ["TLS only", "10.0.0.1:0@28007,,tls-port=18007", { host: "10.0.0.1", port: 18_007 }],
    ["TLS without a port", ":0@28007,,tls-port=", { port: 0 }],
  ])("%s: %s", (_, address, expected) => {
    expect(lone(address)).toMatchObject(expected);
  });

  test("17.2.36 further fields are kept by name", () => {
    const { aux } = lone("10.0.0.1:7000@17000,h,shard-id=abc,nodename=east-1,availability-zone=eu=1");
    expect(Object.fromEntries(aux)).toEqual({ "shard-id": "abc", nodename: "east-1", "availability-zone": "eu=1" });
  });
});

describe("flags", () => {
  test.each([
    ["master", { role: "primary", health: "ok", handshake: false, noAddress: false }],
    ["slave", { role: "replica" }],
    ["replica", { role: "replica" }],
    ["master,fail?", { health: "suspected" }],
    ["slave,fail", { role: "replica", health: "failing" }],
    ["handshake", { handshake: true }],
    ["master,noaddr", { noAddress: true }],
    ["noflags", { flags: [] }],
    ["master,nofailover", { flags: ["master", "nofailover"] }],
  ])("%s", (flags, expected) => {
    expect(lone("127.0.0.1:7000@17000", "", `myself,${flags}`)).toMatchObject(expected);
  });

  test("a replica names its primary, a primary nobody", () => {
    const view = parseNodes(
      `${A} 127.0.0.1:7000@17000 myself,slave ${B} 0 1 2 connected\n${B} 127.0.0.1:7001@17001 master - 0 1 3 disconnected 5\n`,
    );
    expect(view.myself).toMatchObject({ id: A, primaryId: B, linkUp: true });
    expect(view.lines[1]).toMatchObject({ id: B, primaryId: undefined, linkUp: false, configEpoch: 3 });
  });
});

describe("slots", () => {
  test("ranges, single slots and open slots stand side by side", () => {
    const { slots, openSlots } = lone("h:1@2", `0-5460 7000 [93->-${B}] [77-<-${B}] 9000-9001`);
    expect(formatRanges(slots)).toBe("0-5460,7000,9000-9001");
    expect(openSlots).toEqual([
      { slot: 93, state: "migrating", peerId: B },
      { slot: 77, state: "importing", peerId: B },
    ]);
  });

  test("any set of slots is read as it was written", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 16_383 }), { maxLength: 40 }), (slots) => {
        const ranges = toRanges(slots);
        expect(lone("h:1@2", formatRanges(ranges).replaceAll(",", " ")).slots).toEqual(ranges);
      }),
    );
  });
});

describe("a reply", () => {
  test("of the same cluster from two nodes shares what it shares", () => {
    const parse = nodesParser();
    const line = (id: string, me: string, ping: number) =>
      `${id} 127.0.0.1:7000@17000 ${id === me ? "myself," : ""}master - ${ping} ${ping} 1 connected 0-5`;
    const first = parse(`${line(A, A, 1)}\n${line(B, A, 2)}\n`);
    const second = parse(`${line(A, B, 30)}\n${line(B, B, 40)}\n`);
    expect(first.slotMap).toBe(second.slotMap);
    expect(first.myself.id).toBe(A);
    expect(second.myself.id).toBe(B);
    const third = parse(`${line(A, A, 5)}\n${line(B, A, 6)}\n`);
    expect(third.lines[1]).toBe(first.lines[1]);
  });

  test("may have the lines in any order", () => {
    const one = `${A} h:1@2 myself,master - 0 0 1 connected 0-5`;
    const other = `${B} h:2@3 master - 0 0 2 connected 6-9`;
    expect(parseNodes(`${one}\n${other}\n`).slotMap).toBe(parseNodes(`${other}\r\n${one}\r\n`).slotMap);
  });

  test.each([
    ["", /myself/],
    [`${A} h:1@2 master - 0 0 1 connected`, /myself/],
    [`${A} h:1@2 myself,master - 0`, /fewer than eight fields/],
    ["<html>400 Bad Request a b c d e f</html>", /node id/],
    [`${A} nowhere myself,master - 0 0 1 connected`, /address/],
    [`${A} h:1@2 myself,master x 0 0 1 connected`, /primary/],
    [`${A} h:1@2 myself,master - 0 0 one connected`, /epoch/],
    [`${A} h:1@2 myself,master - 0 0 1 connected 0-99999`, /slot range/],
    [`${A} h:1@2 myself,master - 0 0 1 connected [99999->-${B}]`, /open slot/],
    [`${A} h:1@2 myself,master - 0 0 1 connected [5->-short]`, /open slot/],
  ])("%j is refused with a reason", (reply, reason) => {
    expect(() => parseNodes(reply)).toThrow(MalformedNodes);
    expect(() => parseNodes(reply)).toThrow(reason);
  });

  test("never does anything but parse or refuse, and a refusal is safe to print", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (noise) => {
        try {
          parseNodes(`${A} ${noise}`);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedNodes);
          expect((error as Error).message).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
        }
      }),
    );
  });
});
