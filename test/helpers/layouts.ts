import type { PlacedShard } from "../../src/plan/violations.ts";

/** Every way to share the nodes out to as many shards, each with any of its nodes as primary. */
export function* everyLayout(nodes: readonly string[], shards: number): Generator<readonly PlacedShard[]> {
  const homes = nodes.map(() => 0);
  for (let code = 0; code < shards ** nodes.length; code++) {
    let rest = code;
    for (const i of nodes.keys()) {
      homes[i] = rest % shards;
      rest = Math.floor(rest / shards);
    }
    const copies = Array.from({ length: shards }, (_, s) => nodes.filter((_node, i) => homes[i] === s));
    if (copies.every(({ length }) => length > 0)) yield* everyChoice(copies);
  }
}

function* everyChoice(copies: readonly (readonly string[])[]): Generator<readonly PlacedShard[]> {
  const [first, ...rest] = copies;
  if (first === undefined) return yield [];
  for (const others of everyChoice(rest)) {
    for (const primary of first) yield [{ primary, replicas: first.filter((name) => name !== primary) }, ...others];
  }
}
