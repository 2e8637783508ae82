import type { Address } from "../../src/model/address.ts";
import type { NodeId } from "../../src/model/cluster.ts";
import type { ConnectSettings } from "../../src/node/connect.ts";
import type { Command } from "../../src/node/node.ts";
import { waitUntilAgreed } from "./cluster-agreement.ts";
import type { TestEngine } from "./engines.ts";
import { eventually } from "./eventually.ts";
import { type ServersOptions, startServers } from "./start-servers.ts";
import type { TestServer } from "./test-server.ts";

/** Primaries by name with the slots that they own, as [first, last] or [first, last, first, last …]. */
export type Layout<Name extends string> = Readonly<Record<Name, readonly number[]>>;

export interface ClusterOptions<Name extends string> extends Omit<ServersOptions, "count" | "mode"> {
  /** How many replicas a primary gets; a number is for each of them. Those of `a` are called a1, a2 … */
  readonly replicas?: number | Partial<Readonly<Record<Name, number>>>;
  /** Further servers, started like the others, that join nobody. */
  readonly spares?: number;
}

export type Member = TestServer & { readonly name: string; readonly id: NodeId };

export interface TestCluster<Name extends string> extends AsyncDisposable {
  readonly nodes: { readonly [name in Name]: Member } & { readonly [replica in `${Name}${1 | 2 | 3}`]: Member };
  /** All nodes: the primaries in the order of the layout, then the replicas. */
  readonly members: readonly Member[];
  readonly spares: readonly TestServer[];
  readonly seeds: readonly Address[];
  /** How to connect to any of them. */
  readonly connectSettings: ConnectSettings;
  /**
   * Waits until all members that run, and are listed here, see the same: each other, roles, slots; replicas have their
   * links; and when every slot is covered, everybody says cluster_state:ok.
   */
  waitUntilAgreed(): Promise<void>;
}

/**
 * Builds a real cluster, by bare commands and not by slotctl, and waits until all of it works.
 *
 *     await using cluster = await startCluster(engine, { a: [0, 8191], b: [8192, 16383] }, { replicas: { a: 1 } });
 *     const { a, b, a1 } = cluster.nodes;
 */
export async function startCluster<Name extends string>(
  engine: TestEngine,
  layout: Layout<Name>,
  options: ClusterOptions<Name> = {},
): Promise<TestCluster<Name>> {
  const { replicas = {}, spares = 0, ...serverOptions } = options;
  const plan = planMembers(layout, replicas);
  const servers = await startServers(engine, { count: plan.length + spares, ...serverOptions });
  try {
    const members = await Promise.all(plan.map(({ name }, i) => asMember(servers[i]!, name)));
    await join(plan, members);
    const agreed = () => waitUntilAgreed(members);
    await agreed();
    return {
      nodes: Object.fromEntries(members.map((member) => [member.name, member])) as TestCluster<Name>["nodes"],
      members,
      spares: servers.slice(plan.length),
      seeds: members.map(({ address }) => address),
      connectSettings: servers[0]!.connectSettings,
      waitUntilAgreed: agreed,
      [Symbol.asyncDispose]: () => servers[Symbol.asyncDispose](),
    };
  } catch (error) {
    await servers[Symbol.asyncDispose]();
    throw error;
  }
}

interface MemberPlan {
  readonly name: string;
  readonly slots: readonly number[];
  /** Undefined for a primary. */
  readonly primary: string | undefined;
}

function planMembers<Name extends string>(
  layout: Layout<Name>,
  replicas: NonNullable<ClusterOptions<Name>["replicas"]>,
): readonly MemberPlan[] {
  const names = Object.keys(layout) as Name[];
  const countOf = (name: Name) => (typeof replicas === "number" ? replicas : (replicas[name] ?? 0));
  return [
    ...names.map((name) => ({ name, slots: layout[name], primary: undefined })),
    ...names.flatMap((primary) =>
      Array.from({ length: countOf(primary) }, (_, i) => ({ name: `${primary}${i + 1}`, slots: [], primary })),
    ),
  ];
}

async function asMember(server: TestServer, name: string): Promise<Member> {
  const id = (await server.call("CLUSTER", "MYID")) as NodeId;
  return Object.assign(server, { name, id });
}

async function join(plan: readonly MemberPlan[], members: readonly Member[]): Promise<void> {
  // Slots first: a node that owns some says cluster_state:ok a node timeout after it got them, or 2 s after its start.
  await Promise.all(plan.map((member, i) => members[i]!.callAll(firstCommands(member, i))));
  await Promise.all(members.map((member, i) => meet(member, members.slice(i + 1))));
  await Promise.all(
    plan.map(async ({ primary }, i) => {
      if (primary !== undefined) await replicate(members[i]!, members.find(({ name }) => name === primary)!);
    }),
  );
}

/** The config epoch can be set only while the node knows nobody. */
function firstCommands({ slots }: MemberPlan, index: number): readonly Command[] {
  const epoch = ["CLUSTER", "SET-CONFIG-EPOCH", index + 1];
  return slots.length === 0 ? [epoch] : [epoch, ["CLUSTER", "ADDSLOTSRANGE", ...slots]];
}

async function meet(member: Member, others: readonly Member[]): Promise<void> {
  await member.callAll(others.map(({ host, port, busPort }) => ["CLUSTER", "MEET", host, port, busPort]));
}

/** Refused until the replica has heard of its primary. */
async function replicate(replica: Member, primary: Member): Promise<void> {
  await eventually(() => replica.call("CLUSTER", "REPLICATE", primary.id));
}
