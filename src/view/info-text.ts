import {
  type Cluster,
  type ClusterNode,
  membersOf,
  primariesOf,
  type Shard,
  shardsOf,
  slotCountOf,
} from "../model/cluster.ts";
import { keyCountOf, type NodeFacts } from "../model/facts.ts";
import { countSlots, formatRanges, SLOT_COUNT, unionRanges } from "../model/slot.ts";
import { sizeText, versionsText } from "./size-text.ts";
import { tableLines, widthOf } from "./table.ts";
import { tableNames } from "./table-names.ts";
import { bytesText, count, groupDigits } from "./words.ts";

const INFO_COLUMNS = [
  { title: "" },
  { title: "ADDRESS" },
  { title: "ID" },
  { title: "KEYS", align: "right" },
  { title: "MEMORY", align: "right" },
  { title: "LAG", align: "right" },
  { title: "ZONE" },
  { title: "VERSION" },
] as const;

const ID = INFO_COLUMNS.findIndex(({ title }) => title === "ID");
const VERSION = INFO_COLUMNS.findIndex(({ title }) => title === "VERSION");

export function infoLines(cluster: Cluster, columns: number | undefined): readonly string[] {
  const shards = shardsOf(cluster);
  const homeless = membersOf(cluster).filter(
    (node) => node.role === "replica" && !shards.some(({ replicas }) => replicas.includes(node)),
  );
  const nameOf = tableNames(cluster, columns);
  const rows = [
    ...shards.flatMap((shard) => shardRows(shard, nameOf)),
    ...homeless.map((node) => nodeRow(node, undefined, nameOf)),
  ];
  const [titles = "", ...body] = nodeLines(rows, columns);
  const lines: string[] = [];
  let next = 0;
  for (const [i, shard] of shards.entries()) {
    lines.push(...(i === 0 ? [] : [""]), shardTitle(shard, i + 1), `  ${titles}`);
    for (let row = 0; row <= shard.replicas.length; row++) lines.push(`  ${body[next++]}`);
  }
  if (homeless.length > 0) lines.push("", "replicas without a primary", ...body.slice(next).map((line) => `  ${line}`));
  return [...lines, "", ...totalsLines(cluster)];
}

/** Where there is no room for everything the id is left out: the address names a node as well. */
function nodeLines(rows: readonly (readonly string[])[], width: number | undefined): readonly string[] {
  // What all have alike stands with the totals.
  const isAlike = new Set(rows.map((row) => row[VERSION]).filter((version) => version !== "")).size < 2;
  const without = (...left: readonly number[]) =>
    tableLines(
      INFO_COLUMNS.filter((_, i) => !left.includes(i)),
      rows.map((row) => row.filter((_, i) => !left.includes(i))),
    );
  const alike = isAlike ? [VERSION] : [];
  const lines = without(...alike);
  const fits = width === undefined || lines.every((line) => widthOf(line) + 2 <= width);
  return fits ? lines : without(ID, ...alike);
}

function shardTitle({ primary }: Shard, number: number): string {
  const slots = slotCountOf(primary);
  if (slots === 0) return `shard ${number}: no slots`;
  const share = ((slots / SLOT_COUNT) * 100).toFixed(1);
  return `shard ${number}: ${count(slots, "slot")} (${share} %), ${formatRanges(primary.slots)}`;
}

type NameOf = ReturnType<typeof tableNames>;

function shardRows({ primary, replicas }: Shard, nameOf: NameOf): readonly (readonly string[])[] {
  return [nodeRow(primary, undefined, nameOf), ...replicas.map((replica) => nodeRow(replica, primary, nameOf))];
}

function nodeRow(node: ClusterNode, primary: ClusterNode | undefined, nameOf: NameOf): readonly string[] {
  const { facts } = node;
  const state = node.health === "ok" ? "" : ` (${node.health})`;
  return [
    `${node.role}${state}`,
    nameOf(node.id),
    node.id.slice(0, 8),
    ...(facts === undefined
      ? ["-", "-", "unreachable"]
      : [groupDigits(keyCountOf(facts)), bytesText(facts.usedMemoryBytes), lagText(facts, primary)]),
    node.zone ?? "",
    facts?.version ?? "",
  ];
}

function lagText({ replication }: NodeFacts, primary: ClusterNode | undefined): string {
  if (replication.role === "primary") return "";
  if (!replication.linkUp) return replication.syncing ? "copying" : "link down";
  const offset = primary?.facts?.replication.offset;
  return offset === undefined ? "?" : bytesText(Math.max(0, offset - replication.offset));
}

function totalsLines(cluster: Cluster): readonly string[] {
  const nodes = membersOf(cluster);
  const primaries = primariesOf(cluster);
  const covered = unionRanges(...primaries.map(({ slots }) => slots));
  const keys = sum(primaries.map(({ facts }) => (facts === undefined ? 0 : keyCountOf(facts))));
  const memory = sum(nodes.map(({ facts }) => facts?.usedMemoryBytes ?? 0));
  const lost = nodes.filter(({ view }) => view === undefined).length;
  const uncounted = lost === 0 ? [] : [`${count(lost, "node")} unreachable and not counted`];
  return [
    `total: ${sizeText(cluster)}, ${groupDigits(countSlots(covered))} slots, ${count(keys, "key")}, ${bytesText(memory)}, ${versionsText(cluster)}`,
    ...uncounted,
  ];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
