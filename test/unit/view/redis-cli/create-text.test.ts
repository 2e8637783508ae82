import { describe, expect, test } from "vitest";
import type { Address } from "../../../../src/model/address.ts";
import { antiAffinityScore } from "../../../../src/view/redis-cli/anti-affinity.ts";
import { createProposalText } from "../../../../src/view/redis-cli/create-text.ts";
import type { Proposal, ProposedNode } from "../../../../src/view/redis-cli/proposal.ts";
import { idOf, slotRangesOf } from "../../../helpers/cluster-builder.ts";
import { COLOURED, REDIS, VALKEY } from "../../../helpers/redis-cli-clusters.ts";

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
  test("17.4.62 six nodes on one host", () => {
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

  test("17.4.59 names the nodes that are left over after those that were asked for", () => {
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
  ])("17.4.60 of %s", (_title, primary, replicas, score) => {
    expect(antiAffinityScore([{ primary, replicas }])).toBe(score);
    expect(
      antiAffinityScore([
        { primary, replicas },
        { primary, replicas },
      ]),
    ).toBe(2 * score);
  });
});
