import type { ClusterNode, NodeId } from "../model/cluster.ts";

export interface SettingDrift {
  readonly kind: "setting-drift";
  readonly setting: string;
  readonly values: readonly { readonly value: string; readonly nodes: readonly NodeId[] }[];
}

export interface MixedVersions {
  readonly kind: "mixed-versions";
  readonly versions: readonly { readonly version: string; readonly nodes: readonly NodeId[] }[];
}

/** A function library that is not the same on every primary: FCALL works or fails depending on the key. */
export interface FunctionDrift {
  readonly kind: "function-drift";
  readonly library: string;
  readonly missingOn: readonly NodeId[];
  /** The primaries grouped by their version of it, when there is more than one. */
  readonly versions: readonly (readonly NodeId[])[];
}

/** What should be equal on all nodes and is not. Nodes that told nothing are left out. */
export function findDrift(nodes: readonly ClusterNode[]): readonly (SettingDrift | MixedVersions | FunctionDrift)[] {
  return [...findMixedVersions(nodes), ...findSettingDrift(nodes), ...findFunctionDrift(nodes)];
}

function findMixedVersions(nodes: readonly ClusterNode[]): MixedVersions[] {
  const groups = groupBy(nodes, ({ facts }) => (facts === undefined ? undefined : `${facts.engine} ${facts.version}`));
  if (groups.size < 2) return [];
  return [{ kind: "mixed-versions", versions: [...groups].map(([version, ids]) => ({ version, nodes: ids })) }];
}

function findSettingDrift(nodes: readonly ClusterNode[]): SettingDrift[] {
  const names = new Set(nodes.flatMap(({ facts }) => [...(facts?.settings.keys() ?? [])]));
  return [...names].sort().flatMap((setting): SettingDrift[] => {
    const groups = groupBy(nodes, ({ facts }) => facts?.settings.get(setting));
    if (groups.size < 2) return [];
    return [{ kind: "setting-drift", setting, values: [...groups].map(([value, ids]) => ({ value, nodes: ids })) }];
  });
}

function findFunctionDrift(nodes: readonly ClusterNode[]): FunctionDrift[] {
  const primaries = nodes.filter(({ role, facts }) => role === "primary" && facts?.functions !== undefined);
  const libraries = new Set(primaries.flatMap(({ facts }) => [...facts!.functions!.keys()]));
  return [...libraries].sort().flatMap((library): FunctionDrift[] => {
    const digestOf = ({ facts }: ClusterNode) => facts!.functions!.get(library);
    const missingOn = primaries.filter((node) => digestOf(node) === undefined).map(({ id }) => id);
    const groups = [...groupBy(primaries, digestOf).values()];
    if (missingOn.length === 0 && groups.length === 1) return [];
    return [{ kind: "function-drift", library, missingOn, versions: groups.length > 1 ? groups : [] }];
  });
}

function groupBy(
  nodes: readonly ClusterNode[],
  keyOf: (node: ClusterNode) => string | undefined,
): ReadonlyMap<string, readonly NodeId[]> {
  const groups = new Map<string, NodeId[]>();
  for (const node of nodes) {
    const key = keyOf(node);
    if (key !== undefined) groups.set(key, [...(groups.get(key) ?? []), node.id]);
  }
  return groups;
}
