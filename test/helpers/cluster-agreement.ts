import { eventually } from "./eventually.ts";
import type { Member } from "./start-cluster.ts";

const SLOT_COUNT = 16384;

/** @throws Error that tells what is still missing */
export async function waitUntilAgreed(members: readonly Member[]): Promise<void> {
  await eventually(
    async () => {
      const reports = await Promise.all(members.filter(({ isRunning }) => isRunning).map(reportOf));
      const missing = findMissing(reports, members);
      if (missing.length > 0) throw new Error(`The cluster is not ready:\n${missing.join("\n")}`);
    },
    { within: 30_000 },
  );
}

/** What one member sees. Read here in its own way, so that a mistake in src/ cannot hide itself. */
interface Report {
  readonly member: Member;
  readonly lines: readonly Line[];
  readonly state: string | undefined;
  /** Of its link to its primary; undefined for a primary. */
  readonly link: string | undefined;
}

interface Line {
  readonly id: string;
  readonly flags: readonly string[];
  readonly primary: string;
  readonly isConnected: boolean;
  readonly slots: readonly string[];
}

async function reportOf(member: Member): Promise<Report> {
  const [nodes, info, replication] = await member.callAll([
    ["CLUSTER", "NODES"],
    ["CLUSTER", "INFO"],
    ["INFO", "replication"],
  ]);
  return {
    member,
    lines: String(nodes).trim().split("\n").map(parseLine),
    state: /cluster_state:(\w+)/.exec(String(info))?.[1],
    link: /master_link_status:(\w+)/.exec(String(replication))?.[1],
  };
}

/** "<id> <address> <flags> <primary or -> <ping> <pong> <epoch> <link> <slots …>" */
function parseLine(text: string): Line {
  const [id = "", , flags = "", primary = "", , , , link, ...slots] = text.trim().split(" ");
  return {
    id,
    flags: flags.split(",").filter((flag) => flag !== "myself"),
    primary,
    isConnected: link === "connected",
    slots: slots.filter((slot) => !slot.startsWith("[")),
  };
}

function findMissing(reports: readonly Report[], members: readonly Member[]): readonly string[] {
  const first = reports[0];
  const dead = new Set(members.filter(({ isRunning }) => !isRunning).map(({ id }) => String(id)));
  const isCovered = first !== undefined && countSlots(first.lines) === SLOT_COUNT;
  return reports.flatMap((report) => {
    const { member, lines, state, link } = report;
    const known = lines.filter(({ flags }) => !flags.includes("handshake"));
    const unwell = lines.filter(({ id, flags, isConnected }) => {
      return !dead.has(id) && (!isConnected || flags.some(isAlarming));
    });
    return [
      ...(known.length === members.length ? [] : [`${member.name} knows ${known.length} of ${members.length}`]),
      ...(unwell.length === 0 ? [] : [`${member.name} has trouble with ${unwell.map(({ id }) => id).join(", ")}`]),
      ...(mapOf(report) === mapOf(first!) ? [] : [`${member.name} sees it differently than ${first!.member.name}`]),
      ...(!isCovered || state === "ok" ? [] : [`${member.name} says cluster_state:${state}`]),
      ...(link === undefined || link === "up" ? [] : [`${member.name} has its replication link ${link}`]),
    ];
  });
}

function isAlarming(flag: string): boolean {
  return ["fail", "fail?", "handshake", "noaddr"].includes(flag);
}

function mapOf({ lines }: Report): string {
  const texts = lines.map(({ id, flags, primary, slots }) => `${id} ${flags} ${primary} ${slots}`);
  return texts.sort().join("\n");
}

function countSlots(lines: readonly Line[]): number {
  const ranges = lines.flatMap(({ slots }) => slots).map((range) => range.split("-").map(Number));
  return ranges.reduce((sum, [start = 0, end = start]) => sum + end - start + 1, 0);
}
