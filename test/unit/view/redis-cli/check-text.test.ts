import { describe, expect, test } from "vitest";
import type { Cluster } from "../../../../src/model/cluster.ts";
import { checkText } from "../../../../src/view/redis-cli/check-text.ts";
import { nodeBlockText } from "../../../../src/view/redis-cli/node-block.ts";
import { clusterOf, idOf, nodeNamed, slotRangesOf } from "../../../helpers/cluster-builder.ts";
import { COLOURED, REDIS, threeShards, VALKEY } from "../../../helpers/redis-cli-clusters.ts";

/** What the check engine says after the node blocks. */
function findingsOf(cluster: Cluster, { multiple = false, style = REDIS as typeof REDIS | typeof COLOURED } = {}) {
  const { text, parts, ok, errors } = checkText(cluster, { ...style, quiet: true, searchMultipleOwners: multiple });
  expect(parts.join("")).toBe(text);
  expect(parts[1]).toMatch(/^(?:\u001b\[29;1m)?>>> Check slots coverage\.\.\.\n/);
  return { ok, errors, text: text.split("\n").slice(1).join("\n") };
}

const AGREED = "[OK] All nodes agree about slots configuration.\n";

const NO_OPEN_SLOTS = ">>> Check for open slots...\n";

const COVERED = ">>> Check slots coverage...\n[OK] All 16384 slots covered.\n";

describe("checkText", () => {
  test("17.3.43, 17.3.45 of a healthy cluster: the blocks and four lines", () => {
    const { text, ok, errors } = checkText(threeShards(), { ...REDIS, searchMultipleOwners: false });
    expect(text).toBe(
      `>>> Performing Cluster Check (using node localhost:7001)
M: ${idOf("a")} localhost:7001
   slots:[0-5460] (5461 slots) master
   1 additional replica(s)
M: ${idOf("b")} 127.0.0.1:7002
   slots:[5461-10922] (5462 slots) master
   1 additional replica(s)
M: ${idOf("c")} 127.0.0.1:7003
   slots:[10923-16383] (5461 slots) master
   1 additional replica(s)
S: ${idOf("a1")} 127.0.0.1:7004
   slots: (0 slots) slave
   replicates ${idOf("a")}
S: ${idOf("b1")} 127.0.0.1:7005
   slots: (0 slots) slave
   replicates ${idOf("b")}
S: ${idOf("c1")} 127.0.0.1:7006
   slots: (0 slots) slave
   replicates ${idOf("c")}
[OK] All nodes agree about slots configuration.
>>> Check for open slots...
>>> Check slots coverage...
[OK] All 16384 slots covered.
`,
    );
    expect({ ok, errors }).toEqual({ ok: true, errors: 0 });
  });

  test("node blocks say the same with valkey-cli's wording", () => {
    const options = { searchMultipleOwners: true };
    expect(checkText(threeShards(), { ...VALKEY, ...options })).toEqual(
      checkText(threeShards(), { ...REDIS, ...options }),
    );
  });

  test("17.3.46 tells when nodes disagree", () => {
    const report = findingsOf(threeShards({ b: { sees: { a: [0, 5459], b: [5460, 10922] } } }));
    expect(report).toEqual({
      text: `[ERR] Nodes don't agree about configuration!\n${NO_OPEN_SLOTS}${COVERED}`,
      ok: false,
      errors: 1,
    });
  });

  test("does not ask those that are not listed whether they agree", () => {
    const sees = { a: [0, 5459] };
    expect(findingsOf(threeShards({ c1: { sees, health: "failing" } })).ok).toBe(true);
  });

  test("a node on its own agrees even without slots, two without slots do not", () => {
    const uncovered = ">>> Check slots coverage...\n[ERR] Not all 16384 slots are covered by nodes.\n\n";
    expect(findingsOf(clusterOf({ a: [] })).text).toBe(AGREED + NO_OPEN_SLOTS + uncovered);
    const pair = findingsOf(clusterOf({ a: [], b: [] }));
    expect(pair.text).toMatch(/^\[ERR\] Nodes don't agree about configuration!\n/);
    expect(pair.errors).toBe(2);
  });

  test("17.3.47 tells of open slots, node by node, migrating first", () => {
    const report = findingsOf(
      threeShards({
        a: {
          openSlots: [
            { slot: 5, state: "migrating", peer: "b" },
            { slot: 100, state: "migrating", peer: "c" },
            { slot: 6000, state: "importing", peer: "b" },
          ],
        },
        b: { openSlots: [{ slot: 5, state: "importing", peer: "a" }] },
      }),
    );
    expect(report).toEqual({
      text: `${AGREED}>>> Check for open slots...
[WARNING] Node localhost:7001 has slots in migrating state 5,100.
[WARNING] Node localhost:7001 has slots in importing state 6000.
[WARNING] Node 127.0.0.1:7002 has slots in importing state 5.
[WARNING] The following slots are open: 5,100,6000.
${COVERED}`,
      ok: false,
      errors: 3,
    });
  });

  test("17.3.48 an uncovered slot is followed by an empty line", () => {
    expect(findingsOf(clusterOf({ a: [0, 8191], b: [8192, 16382] }))).toEqual({
      text: `${AGREED}${NO_OPEN_SLOTS}>>> Check slots coverage...\n[ERR] Not all 16384 slots are covered by nodes.\n\n`,
      ok: false,
      errors: 1,
    });
  });

  test("17.2.35 coverage is what the listed nodes claim for themselves", () => {
    expect(findingsOf(threeShards({ b: { unreachable: true } })).text).toContain("[ERR] Not all 16384 slots");
    expect(findingsOf(threeShards({ b: { health: "failing" } })).text).toContain("[ERR] Not all 16384 slots");
    // a and c believe that nobody owns slot 5461; b says that it does, and that is enough.
    const believes = { b: [5462, 10922] };
    expect(findingsOf(threeShards({ a: { sees: believes }, c: { sees: believes } })).text).toContain(COVERED);
  });

  test("17.3.49 with the option, tells of every owner of a slot, by claim or by keys", () => {
    const holdsForeignKeys = { strayKeys: { keys: 3, slots: slotRangesOf([5461, 5461]) } };
    const cluster = threeShards({ a: holdsForeignKeys, c: { sees: { c: "5461,10923-16383" } } });
    const found = `>>> Check for multiple slot owners...
[WARNING] Slot 5461 has 3 owners:
    localhost:7001
    127.0.0.1:7002
    127.0.0.1:7003
`;
    expect(findingsOf(cluster, { multiple: true })).toEqual({
      text: `[ERR] Nodes don't agree about configuration!\n${NO_OPEN_SLOTS}${COVERED}${found}`,
      ok: false,
      errors: 1,
    });
  });

  test("17.3.49 several owners fail the check without being an entry of the list of errors", () => {
    const cluster = threeShards({ a: { strayKeys: { keys: 1, slots: slotRangesOf([6000, 6000]) } } });
    expect(findingsOf(cluster, { multiple: true })).toMatchObject({ ok: false, errors: 0 });
  });

  test("17.3.49, 17.3.50 says so when there are none, and nothing without the option", () => {
    const cluster = threeShards({ a: { strayKeys: { keys: 0, slots: [] } } });
    expect(findingsOf(cluster, { multiple: true })).toEqual({
      text: `${AGREED}${NO_OPEN_SLOTS}${COVERED}>>> Check for multiple slot owners...\n[OK] No multiple owners found.\n`,
      ok: true,
      errors: 0,
    });
    const stray = threeShards({ a: { strayKeys: { keys: 1, slots: slotRangesOf([6000, 6000]) } } });
    expect(findingsOf(stray)).toEqual({ text: AGREED + NO_OPEN_SLOTS + COVERED, ok: true, errors: 0 });
  });

  test("17.3.51 a dead replica leaves the check well", () => {
    const cluster = threeShards({ c1: { unreachable: true, health: "failing" } });
    const { text, ok } = checkText(cluster, { ...REDIS, searchMultipleOwners: false });
    expect(ok).toBe(true);
    expect(text).toContain("slots:[10923-16383] (5461 slots) master\nS: ");
  });

  test("17.3.53 colours every line but those of the blocks, and resets behind the empty line", () => {
    const { text } = checkText(clusterOf({ a: [0, 16382] }), { ...COLOURED, searchMultipleOwners: true });
    expect(text).toBe(
      [
        "\u001b[29;1m>>> Performing Cluster Check (using node localhost:7001)\n\u001b[0m",
        `M: ${idOf("a")} localhost:7001\n   slots:[0-16382] (16383 slots) master\n`,
        "\u001b[32;1m[OK] All nodes agree about slots configuration.\n\u001b[0m",
        "\u001b[29;1m>>> Check for open slots...\n\u001b[0m",
        "\u001b[29;1m>>> Check slots coverage...\n\u001b[0m",
        "\u001b[31;1m[ERR] Not all 16384 slots are covered by nodes.\n\n\u001b[0m",
        "\u001b[29;1m>>> Check for multiple slot owners...\n\u001b[0m",
        "\u001b[32;1m[OK] No multiple owners found.\n\u001b[0m",
      ].join(""),
    );
  });

  test("4.2 the lines that name the owners are red as well", () => {
    const cluster = threeShards({ a: { strayKeys: { keys: 1, slots: slotRangesOf([6000, 6000]) } } });
    const { text } = findingsOf(cluster, { multiple: true, style: COLOURED });
    expect(text).toContain(
      "\u001b[31;1m[WARNING] Slot 6000 has 2 owners:\n\u001b[0m\u001b[31;1m    localhost:7001\n\u001b[0m\u001b[31;1m    127.0.0.1:7002\n\u001b[0m",
    );
  });
});

describe("nodeBlockText", () => {
  test("17.3.44 writes single slots as [n], and shows the node's own flags", () => {
    const cluster = clusterOf({ a: "0-5460,6000,7000-7001", b: [] }, { nodes: { a: { flags: ["nofailover"] } } });
    const block = nodeBlockText(nodeNamed(cluster, "a"), cluster, REDIS, 4);
    expect(block).toBe(
      `    M: ${idOf("a")} localhost:7001\n       slots:[0-5460],[6000],[7000-7001] (5464 slots) master,nofailover\n`,
    );
    expect(nodeBlockText(nodeNamed(cluster, "b"), cluster, REDIS)).toContain("   slots: (0 slots) master\n");
  });

  test("shows a suspected node without the suspicion, which is not its own", () => {
    const cluster = threeShards({ b: { health: "suspected" } });
    expect(nodeBlockText(nodeNamed(cluster, "b"), cluster, REDIS)).toContain("(5462 slots) master\n");
  });
});
