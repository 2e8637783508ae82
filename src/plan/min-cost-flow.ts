/**
 * A one-way road between two nodes of a network. It may grow dearer with use:
 * unit number u, counted from 0, costs `cost + rise * floor(u / width)`.
 */
export interface Arc {
  readonly from: number;
  readonly to: number;
  readonly capacity: number;
  /** Never negative, and neither is `rise`: the search for the cheapest way relies on both. */
  readonly cost: number;
  readonly rise: number;
  readonly width: number;
}

/** Nodes are numbered from 0. Costs must be integers, and those of a whole path well below 2^53. */
export interface Network {
  readonly nodeCount: number;
  readonly source: number;
  readonly sink: number;
  readonly arcCount: number;
  /** Read once, in order. A generator will do: so many arcs are better never held as objects. */
  readonly arcs: Iterable<Arc>;
}

/**
 * Sends as many units from the source to the sink as the network carries, at the least total cost,
 * and says how many went over each arc. The same network always gives the same flow.
 *
 * The primal-dual method: prices on the nodes tell which arcs lie on a cheapest path; everything that fits
 * is sent over those, shortest paths first, and only then are the prices raised. Plain arrays of numbers,
 * because a cluster of a thousand nodes can make a quarter of a million arcs.
 */
export function minCostFlow(network: Network): Int32Array {
  const residual = openResidual(network);
  do {
    while (findLevels(residual)) pushAlongLevels(residual);
  } while (raisePrices(residual));
  return residual.flow;
}

/**
 * What has been sent so far, and where more can go. Arc a, whose fields are number a in each of the first six arrays,
 * can be walked as end 2a, forwards, and as end 2a + 1, backwards.
 */
interface Residual {
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly capacity: Int32Array;
  readonly cost: Float64Array;
  readonly rise: Float64Array;
  readonly width: Int32Array;
  readonly flow: Int32Array;
  /** The ends that leave node n are `ends[firstEnd[n]]` up to, not including, `ends[firstEnd[n + 1]]`. */
  readonly ends: Int32Array;
  readonly firstEnd: Int32Array;
  readonly prices: Float64Array;
  /** Steps from the source over tight arcs; infinite where those do not lead. */
  readonly levels: Float64Array;
  readonly source: number;
  readonly sink: number;
}

function openResidual({ nodeCount, source, sink, arcCount, arcs }: Network): Residual {
  const fields = {
    from: new Int32Array(arcCount),
    to: new Int32Array(arcCount),
    capacity: new Int32Array(arcCount),
    cost: new Float64Array(arcCount),
    rise: new Float64Array(arcCount),
    width: new Int32Array(arcCount),
  };
  let a = 0;
  for (const arc of arcs) {
    fields.from[a] = arc.from;
    fields.to[a] = arc.to;
    fields.capacity[a] = arc.capacity;
    fields.cost[a] = arc.cost;
    fields.rise[a] = arc.rise;
    fields.width[a] = arc.width;
    a += 1;
  }
  return {
    ...fields,
    ...endsByNode(nodeCount, fields.from, fields.to),
    flow: new Int32Array(arcCount),
    prices: new Float64Array(nodeCount),
    levels: new Float64Array(nodeCount),
    source,
    sink,
  };
}

/** Sorts the ends of all arcs by the node they leave: counts those of each node, then fills them in. */
function endsByNode(nodeCount: number, from: Int32Array, to: Int32Array): Pick<Residual, "ends" | "firstEnd"> {
  const firstEnd = new Int32Array(nodeCount + 1);
  for (let arc = 0; arc < from.length; arc++) {
    firstEnd[from[arc]! + 1]! += 1;
    firstEnd[to[arc]! + 1]! += 1;
  }
  for (let node = 0; node < nodeCount; node++) firstEnd[node + 1]! += firstEnd[node]!;

  const next = firstEnd.slice();
  const ends = new Int32Array(2 * from.length);
  for (let arc = 0; arc < from.length; arc++) {
    ends[next[from[arc]!]!++] = 2 * arc;
    ends[next[to[arc]!]!++] = 2 * arc + 1;
  }
  return { ends, firstEnd };
}

/** Numbers the nodes by their distance from the source, in tight arcs. False when the sink cannot be reached. */
function findLevels(residual: Residual): boolean {
  const { levels, firstEnd, ends, source, sink } = residual;
  levels.fill(Number.POSITIVE_INFINITY);
  levels[source] = 0;
  const reached = [source];
  for (const node of reached) {
    for (let i = firstEnd[node]!; i < firstEnd[node + 1]!; i++) {
      const head = headOf(residual, ends[i]!);
      if (levels[head] !== Number.POSITIVE_INFINITY || !isTight(residual, ends[i]!)) continue;
      levels[head] = levels[node]! + 1;
      reached.push(head);
    }
  }
  return levels[sink] !== Number.POSITIVE_INFINITY;
}

/** Sends units over tight arcs, each one level further, until no such path to the sink has room. */
function pushAlongLevels(residual: Residual): void {
  const { levels, firstEnd, ends, source, sink } = residual;
  const cursor = firstEnd.slice();
  const path: number[] = [];
  for (let node = source; ; ) {
    if (node === sink) {
      sendAlong(residual, path.splice(0));
      node = source;
      continue;
    }
    if (cursor[node] === firstEnd[node + 1]) {
      if (node === source) return;
      node = tailOf(residual, path.pop()!);
      cursor[node]! += 1;
      continue;
    }
    const end = ends[cursor[node]!]!;
    if (levels[headOf(residual, end)] === levels[node]! + 1 && isTight(residual, end)) {
      path.push(end);
      node = headOf(residual, end);
    } else {
      cursor[node]! += 1;
    }
  }
}

function sendAlong(residual: Residual, path: readonly number[]): void {
  const units = path.reduce((least, end) => Math.min(least, roomOn(residual, end)), Number.POSITIVE_INFINITY);
  for (const end of path) residual.flow[end >> 1]! += isForward(end) ? units : -units;
}

/**
 * Adds to each node's price its distance from the source, so that the cheapest paths there now are become tight.
 * False when none leads to the sink any more: then all is sent.
 */
function raisePrices(residual: Residual): boolean {
  const { prices, sink } = residual;
  const distances = findDistances(residual);
  const furthest = distances[sink]!;
  if (furthest === Number.POSITIVE_INFINITY) return false;
  for (let node = 0; node < prices.length; node++) prices[node]! += Math.min(distances[node]!, furthest);
  return true;
}

/** Dijkstra, up to the sink. Few distances ever differ, so a map of buckets is queue enough. */
function findDistances(residual: Residual): Float64Array {
  const { source, sink, prices, firstEnd, ends } = residual;
  const distances = new Float64Array(prices.length).fill(Number.POSITIVE_INFINITY);
  const buckets = new Map([[0, [source]]]);
  distances[source] = 0;
  while (buckets.size > 0) {
    const distance = Math.min(...buckets.keys());
    if (distance === distances[sink]) break;
    // The bucket grows while it is read: arcs that cost nothing lead to nodes at the same distance.
    for (const node of buckets.get(distance)!) {
      if (distances[node] !== distance) continue;
      for (let i = firstEnd[node]!; i < firstEnd[node + 1]!; i++) {
        const head = headOf(residual, ends[i]!);
        if (distances[head]! <= distance || roomOn(residual, ends[i]!) === 0) continue;
        const there = distance + reducedCost(residual, ends[i]!);
        if (there >= distances[head]!) continue;
        distances[head] = there;
        const bucket = buckets.get(there);
        if (bucket === undefined) buckets.set(there, [head]);
        else bucket.push(head);
      }
    }
    buckets.delete(distance);
  }
  return distances;
}

/** True for an arc with room that lies on a cheapest path. */
function isTight(residual: Residual, end: number): boolean {
  return roomOn(residual, end) > 0 && reducedCost(residual, end) === 0;
}

/** What the next unit costs, seen from prices that already account for the cheapest way to either node. */
function reducedCost({ from, to, cost, rise, width, flow, prices }: Residual, end: number): number {
  const arc = end >> 1;
  const detour = prices[from[arc]!]! - prices[to[arc]!]!;
  if (isForward(end)) return detour + cost[arc]! + rise[arc]! * Math.floor(flow[arc]! / width[arc]!);
  return -detour - cost[arc]! - rise[arc]! * Math.floor((flow[arc]! - 1) / width[arc]!);
}

/** How many units fit before the arc is full, or empty when walked backwards, or its cost changes. */
function roomOn({ capacity, width, flow }: Residual, end: number): number {
  const arc = end >> 1;
  const units = flow[arc]!;
  if (isForward(end)) return Math.min(capacity[arc]! - units, width[arc]! - (units % width[arc]!));
  return units === 0 ? 0 : ((units - 1) % width[arc]!) + 1;
}

function isForward(end: number): boolean {
  return (end & 1) === 0;
}

function headOf({ from, to }: Residual, end: number): number {
  return isForward(end) ? to[end >> 1]! : from[end >> 1]!;
}

function tailOf(residual: Residual, end: number): number {
  return headOf(residual, end ^ 1);
}
