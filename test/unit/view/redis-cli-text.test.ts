import { describe, expect, test } from "vitest";
import type { Address } from "../../../src/model/address.ts";
import type { Cluster } from "../../../src/model/cluster.ts";
import {
  antiAffinityScore,
  CREATE_QUESTION,
  checkText,
  createProposalText,
  createStepText,
  discoveryText,
  FEW_PRIMARIES_QUESTION,
  fewPrimariesText,
  infoText,
  JOIN_WAIT,
  listedNodes,
  nodeBlockText,
  type Proposal,
  type ProposedNode,
  type RedisCliStyle,
  redisCliLine,
  tooFewNodesText,
} from "../../../src/view/redis-cli-text.ts";
import { type ClusterOptions, clusterOf, idOf, nodeNamed, slotRangesOf } from "../../helpers/cluster-builder.ts";

const REDIS = { wording: "redis", colour: false, seedLabel: "localhost:7001" } as const;
const VALKEY = { ...REDIS, wording: "valkey" } as const;
const COLOURED = { ...REDIS, colour: true } as const;
const THIRDS = { a: [0, 5460], b: [5461, 10922], c: [10923, 16383] };
const REPLICAS = { a1: "a", b1: "b", c1: "c" };

function threeShards(nodes: ClusterOptions["nodes"] = {}): Cluster {
  return clusterOf(THIRDS, { replicas: REPLICAS, nodes });
}

/** What the check engine says after the node blocks. */
function findingsOf(cluster: Cluster, { multiple = false, style = REDIS as typeof REDIS | typeof COLOURED } = {}) {
  const report = checkText(cluster, { ...style, quiet: true, searchMultipleOwners: multiple });
  return { ...report, text: report.text.split("\n").slice(1).join("\n") };
}

const AGREED = "[OK] All nodes agree about slots configuration.\n";
const NO_OPEN_SLOTS = ">>> Check for open slots...\n";
const COVERED = ">>> Check slots coverage...\n[OK] All 16384 slots covered.\n";

describe("infoText", () => {
  test("17.3-40 has a line for each primary, the entry node as typed and first, and the totals", () => {
    const cluster = threeShards({ a: { keys: 92 }, b: { keys: 65 }, c: { keys: 97 }, b1: { keys: 1000 } });
    expect(infoText(cluster, REDIS)).toBe(
      `localhost:7001 (a0000000...) -> 92 keys | 5461 slots | 1 slaves.
127.0.0.1:7002 (b0000000...) -> 65 keys | 5462 slots | 1 slaves.
127.0.0.1:7003 (c0000000...) -> 97 keys | 5461 slots | 1 slaves.
[OK] 254 keys in 3 masters.
0.02 keys per slot on average.
`,
    );
  });

  test("12.3 valkey-cli speaks of primaries and replicas", () => {
    expect(infoText(clusterOf({ a: [0, 16383] }, { replicas: { a1: "a", a2: "a" } }), VALKEY)).toBe(
      `localhost:7001 (a0000000...) -> 0 keys | 16384 slots | 2 replicas.
[OK] 0 keys in 1 primaries.
0.00 keys per slot on average.
`,
    );
  });

  test("17.3-41 counts only who was reached", () => {
    const text = infoText(threeShards({ b: { unreachable: true, keys: 5 }, c1: { unreachable: true } }), REDIS);
    expect(text).toContain(
      "127.0.0.1:7003 (c0000000...) -> 0 keys | 5461 slots | 0 slaves.\n[OK] 0 keys in 2 masters.",
    );
    expect(text).not.toContain("7002");
  });

  test("sums up the keys of all databases", () => {
    const keysByDatabase = new Map([
      [0, 3],
      [5, 4],
    ]);
    expect(infoText(clusterOf({ a: [0, 16383] }, { facts: { keysByDatabase } }), REDIS)).toContain("-> 7 keys |");
  });

  test.each([
    [2048, "0.12"],
    [2049, "0.13"],
    [6144, "0.38"],
    [10240, "0.62"],
    [16384, "1.00"],
    [1_000_000, "61.04"],
  ])("%d keys are %s per slot, rounded as C does", (keys, average) => {
    const cluster = clusterOf({ a: [0, 16383] }, { nodes: { a: { keys } } });
    expect(infoText(cluster, REDIS)).toContain(`\n${average} keys per slot on average.\n`);
  });

  test("IPv6 addresses have no brackets", () => {
    const cluster = clusterOf({ a: [0, 8191], b: [8192, 16383] }, { nodes: { b: { host: "::1" } } });
    expect(infoText(cluster, { ...REDIS, seedLabel: "::1:7001" })).toMatch(/^::1:7001 .*\n::1:7002 /);
  });

  test("4.2 only the line with the total is coloured, and the reset begins the next line", () => {
    const lines = infoText(clusterOf({ a: [0, 16383] }), COLOURED).split("\n");
    expect(lines.slice(1)).toEqual([
      "\u001b[32;1m[OK] 0 keys in 1 masters.",
      "\u001b[0m0.00 keys per slot on average.",
      "",
    ]);
    expect(lines[0]).toMatch(/^localhost/);
  });
});

describe("discoveryText", () => {
  test("17.2-39 warns of replicas whose primary is not in the list", () => {
    const cluster = threeShards({ b: { unreachable: true } });
    const warning = `*** WARNING: 127.0.0.1:7005 claims to be slave of unknown node ID ${idOf("b")}.\n`;
    expect(discoveryText(cluster, REDIS)).toBe(warning);
    expect(discoveryText(cluster, VALKEY)).toBe(warning.replace("slave", "replica"));
    expect(discoveryText(cluster, COLOURED)).toBe(`\u001b[33;1m${warning}\u001b[0m`);
  });

  test("is empty for a healthy cluster", () => {
    expect(discoveryText(threeShards(), REDIS)).toBe("");
  });

  test("names the entry node as it was typed", () => {
    const cluster = clusterOf(THIRDS, { replicas: REPLICAS, nodes: { b: { unreachable: true } } });
    const seenFromReplica = {
      nodes: [nodeNamed(cluster, "b1"), ...cluster.nodes.filter(({ id }) => id !== idOf("b1"))],
    };
    expect(discoveryText(seenFromReplica, REDIS)).toContain("WARNING: localhost:7001 claims to be slave");
  });
});

describe("listedNodes", () => {
  test("17.2-34 leaves out who failed, has no address or does not answer, and keeps who is only suspected", () => {
    const cluster = clusterOf(
      { ...THIRDS, d: [] },
      {
        replicas: REPLICAS,
        nodes: {
          b: { health: "suspected" },
          c: { health: "failing" },
          d: { noAddress: true },
          a1: { unreachable: true },
          b1: { handshake: true },
        },
      },
    );
    expect(listedNodes(cluster).map(({ id }) => id)).toEqual([idOf("a"), idOf("b"), idOf("c1")]);
  });

  test("goes by what the entry node holds of the others", () => {
    const cluster = threeShards({ c: { health: "failing" } });
    const [seed, ...others] = cluster.nodes;
    const view = nodeNamed(threeShards(), "a").view;
    expect(listedNodes({ nodes: [{ ...seed!, view }, ...others] })).toHaveLength(6);
  });
});

describe("checkText", () => {
  test("17.3-43, 17.3-45 of a healthy cluster: the blocks and four lines", () => {
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

  test("17.3-46 tells when nodes disagree", () => {
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

  test("17.3-47 tells of open slots, node by node, migrating first", () => {
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

  test("17.3-48 an uncovered slot is followed by an empty line", () => {
    expect(findingsOf(clusterOf({ a: [0, 8191], b: [8192, 16382] }))).toEqual({
      text: `${AGREED}${NO_OPEN_SLOTS}>>> Check slots coverage...\n[ERR] Not all 16384 slots are covered by nodes.\n\n`,
      ok: false,
      errors: 1,
    });
  });

  test("17.2-35 coverage is what the listed nodes claim for themselves", () => {
    expect(findingsOf(threeShards({ b: { unreachable: true } })).text).toContain("[ERR] Not all 16384 slots");
    expect(findingsOf(threeShards({ b: { health: "failing" } })).text).toContain("[ERR] Not all 16384 slots");
    // a and c believe that nobody owns slot 5461; b says that it does, and that is enough.
    const believes = { b: [5462, 10922] };
    expect(findingsOf(threeShards({ a: { sees: believes }, c: { sees: believes } })).text).toContain(COVERED);
  });

  test("17.3-49 with the option, tells of every owner of a slot, by claim or by keys", () => {
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

  test("17.3-49 several owners fail the check without being an entry of the list of errors", () => {
    const cluster = threeShards({ a: { strayKeys: { keys: 1, slots: slotRangesOf([6000, 6000]) } } });
    expect(findingsOf(cluster, { multiple: true })).toMatchObject({ ok: false, errors: 0 });
  });

  test("17.3-49, 17.3-50 says so when there are none, and nothing without the option", () => {
    const cluster = threeShards({ a: { strayKeys: { keys: 0, slots: [] } } });
    expect(findingsOf(cluster, { multiple: true })).toEqual({
      text: `${AGREED}${NO_OPEN_SLOTS}${COVERED}>>> Check for multiple slot owners...\n[OK] No multiple owners found.\n`,
      ok: true,
      errors: 0,
    });
    const stray = threeShards({ a: { strayKeys: { keys: 1, slots: slotRangesOf([6000, 6000]) } } });
    expect(findingsOf(stray)).toEqual({ text: AGREED + NO_OPEN_SLOTS + COVERED, ok: true, errors: 0 });
  });

  test("17.3-51 a dead replica leaves the check well", () => {
    const cluster = threeShards({ c1: { unreachable: true, health: "failing" } });
    const { text, ok } = checkText(cluster, { ...REDIS, searchMultipleOwners: false });
    expect(ok).toBe(true);
    expect(text).toContain("slots:[10923-16383] (5461 slots) master\nS: ");
  });

  test("4.2, 17.3-53 colours every line but those of the blocks, and resets behind the empty line", () => {
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
  test("17.3-44 writes single slots as [n], and shows the node's own flags", () => {
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

/** "1:7001" is 127.0.0.1:7001. */
function server(place: string): ProposedNode {
  const [host, port] = place.split(":");
  const address: Address = { host: `127.0.0.${host}`, port: Number(port) };
  return { id: idOf(port!), address };
}

/** Shards as "primary replica replica", servers as in `server`; the command line in the order of their ports. */
function proposalOf(replicasPerPrimary: number, ...shards: readonly string[]): Proposal {
  const ranges = ["0-5460", "5461-10922", "10923-16383"];
  const drawn = shards.map((shard, i) => {
    const [primary, ...replicas] = shard.split(" ").map(server);
    return { primary: primary!, replicas, slots: slotRangesOf(ranges[i]!) };
  });
  const nodes = drawn.flatMap(({ primary, replicas }) => [primary, ...replicas]);
  return { nodes: nodes.sort((a, b) => a.address.port - b.address.port), shards: drawn, replicasPerPrimary };
}

const ONE_HOST = proposalOf(1, "1:7001 1:7005", "1:7002 1:7006", "1:7003 1:7004");

describe("createProposalText", () => {
  test("A.1, 17.4-62 six nodes on one host", () => {
    expect(createProposalText(ONE_HOST, REDIS)).toBe(
      `>>> Performing hash slots allocation on 6 nodes...
Master[0] -> Slots 0 - 5460
Master[1] -> Slots 5461 - 10922
Master[2] -> Slots 10923 - 16383
Adding replica 127.0.0.1:7005 to 127.0.0.1:7001
Adding replica 127.0.0.1:7006 to 127.0.0.1:7002
Adding replica 127.0.0.1:7004 to 127.0.0.1:7003
>>> Trying to optimize slaves allocation for anti-affinity
[WARNING] Some slaves are in the same host as their master
M: ${idOf("7001")} 127.0.0.1:7001
   slots:[0-5460] (5461 slots) master
M: ${idOf("7002")} 127.0.0.1:7002
   slots:[5461-10922] (5462 slots) master
M: ${idOf("7003")} 127.0.0.1:7003
   slots:[10923-16383] (5461 slots) master
S: ${idOf("7004")} 127.0.0.1:7004
   replicates ${idOf("7003")}
S: ${idOf("7005")} 127.0.0.1:7005
   replicates ${idOf("7001")}
S: ${idOf("7006")} 127.0.0.1:7006
   replicates ${idOf("7002")}
`,
    );
  });

  test("12.3 the same in valkey-cli's words", () => {
    const lines = createProposalText(ONE_HOST, VALKEY).split("\n");
    expect([lines[0], lines[1], lines[7], lines[8]]).toEqual([
      ">>> Performing hash slots allocation on 6 node(s)...",
      "Primary[0] -> Slots 0 - 5460",
      ">>> Trying to optimize replicas allocation for anti-affinity",
      "[WARNING] Some replicas are in the same host as their primary",
    ]);
  });

  test("16.3 says nothing of anti-affinity where redis-cli's first allocation is perfect", () => {
    const proposal = proposalOf(1, "1:7201 2:7204", "2:7203 3:7206", "3:7205 1:7202");
    expect(createProposalText(proposal, REDIS)).not.toContain("affinity");
  });

  test("says that anti-affinity is perfect where redis-cli would have had to work for it", () => {
    // Its first allocation leaves 3:7105 with 4:7108 and with 3:7107, on its own host.
    const proposal = proposalOf(2, "1:7101 3:7106 2:7104", "2:7103 3:7107 4:7109", "3:7105 1:7102 4:7108");
    expect(createProposalText(proposal, REDIS)).toContain(
      ">>> Trying to optimize slaves allocation for anti-affinity\n[OK] Perfect anti-affinity obtained!\n",
    );
  });

  test("warns of replicas of one primary on the same host", () => {
    const proposal = proposalOf(2, "1:7001 4:7004 4:7005", "2:7002 4:7006 4:7007", "3:7003 4:7008 4:7009");
    expect(createProposalText(proposal, REDIS)).toContain(
      "anti-affinity\n[WARNING] Some slaves of the same master are in the same host\nM: ",
    );
  });

  test("17.4-59 names the nodes that are left over after those that were asked for", () => {
    const proposal = proposalOf(1, "1:7001 1:7005 1:7004", "1:7002 1:7006", "1:7003 1:7007");
    expect(createProposalText(proposal, REDIS)).toContain(
      `Adding replica 127.0.0.1:7005 to 127.0.0.1:7001
Adding replica 127.0.0.1:7006 to 127.0.0.1:7002
Adding replica 127.0.0.1:7007 to 127.0.0.1:7003
Adding extra replicas...
Adding replica 127.0.0.1:7004 to 127.0.0.1:7001
`,
    );
  });

  test("4.2 colours the headlines and the verdict only", () => {
    const text = createProposalText(ONE_HOST, COLOURED);
    expect(text.startsWith("\u001b[29;1m>>> Performing hash slots allocation on 6 nodes...\n\u001b[0mMaster[0]")).toBe(
      true,
    );
    expect(text).toContain(
      "7003\n\u001b[29;1m>>> Trying to optimize slaves allocation for anti-affinity\n\u001b[0m\u001b[33;1m[WARNING] Some slaves are in the same host as their master\n\u001b[0mM: ",
    );
  });
});

describe("antiAffinityScore", () => {
  test.each<[string, string, readonly string[], number]>([
    ["replicas apart", "x", ["y", "z"], 0],
    ["a replica beside its primary", "x", ["x"], 10_000],
    ["two replicas beside their primary", "x", ["x", "x", "y"], 20_000],
    ["two replicas of a primary together", "x", ["y", "y"], 2],
    ["three together and one beside the primary", "x", ["y", "y", "y", "x"], 10_003],
    ["no replicas", "x", [], 0],
  ])("17.4-60 of %s", (_title, primary, replicas, score) => {
    expect(antiAffinityScore([{ primary, replicas }])).toBe(score);
    expect(
      antiAffinityScore([
        { primary, replicas },
        { primary, replicas },
      ]),
    ).toBe(2 * score);
  });
});

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
