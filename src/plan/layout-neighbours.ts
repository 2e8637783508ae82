import type { PlacedShard } from "./violations.ts";

/** All layouts that differ from this one in the place or the role of one node, or of two that change places. */
export function* neighboursOf(layout: readonly PlacedShard[]): Generator<readonly PlacedShard[]> {
  const places = layout.flatMap(({ primary, replicas }, shard) =>
    [primary, ...replicas].map((name) => ({ name, shard })),
  );
  for (const [i, one] of places.entries()) {
    yield promoted(layout, one.name, one.shard);
    for (const shard of layout.keys()) {
      if (shard === one.shard || layout[one.shard]!.replicas.length === 0) continue;
      const moved = taken(layout, one.name, one.shard).map((other, s) =>
        s === shard ? added(other, one.name) : other,
      );
      yield moved;
      yield promoted(moved, one.name, shard);
    }
    for (const other of places.slice(i + 1)) if (other.shard !== one.shard) yield* swapped(layout, one, other);
  }
}

interface Place {
  readonly name: string;
  readonly shard: number;
}

/** The two in each other's shard, and in each of them either the newcomer or whoever is left as the primary. */
function* swapped(layout: readonly PlacedShard[], one: Place, other: Place): Generator<readonly PlacedShard[]> {
  const renamed = layout.map(({ primary, replicas }) => ({
    primary: exchange(primary, one.name, other.name),
    replicas: replicas.map((name) => exchange(name, one.name, other.name)),
  }));
  for (const here of namesOf(renamed[one.shard]!)) {
    for (const there of namesOf(renamed[other.shard]!)) {
      yield promoted(promoted(renamed, here, one.shard), there, other.shard);
    }
  }
}

function exchange(name: string, one: string, other: string): string {
  if (name === one) return other;
  return name === other ? one : name;
}

function namesOf({ primary, replicas }: PlacedShard): readonly string[] {
  return [primary, ...replicas];
}

function promoted(layout: readonly PlacedShard[], name: string, shard: number): readonly PlacedShard[] {
  return layout.map((other, s) =>
    s === shard && other.primary !== name
      ? { primary: name, replicas: namesOf(other).filter((copy) => copy !== name) }
      : other,
  );
}

/** Without this node; where it was the primary, the first of its replicas is. */
function taken(layout: readonly PlacedShard[], name: string, shard: number): readonly PlacedShard[] {
  return layout.map((other, s) => {
    if (s !== shard) return other;
    const [primary, ...replicas] = namesOf(other).filter((copy) => copy !== name);
    return { primary: primary!, replicas };
  });
}

function added({ primary, replicas }: PlacedShard, name: string): PlacedShard {
  return { primary, replicas: [...replicas, name] };
}
