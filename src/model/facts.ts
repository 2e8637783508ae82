/** What a node says of itself in INFO, CLUSTER INFO, CONFIG GET and FUNCTION LIST. */
export interface NodeFacts {
  readonly engine: "redis" | "valkey";
  /** As the server writes it: "7.0.15". */
  readonly version: string;
  readonly mode: "cluster" | "standalone" | "sentinel";
  readonly loading: boolean;
  readonly clusterState: "ok" | "fail";
  readonly currentEpoch: number;
  readonly knownNodes: number;
  /** Keys per numbered database; only databases that hold any. */
  readonly keysByDatabase: ReadonlyMap<number, number>;
  readonly usedMemoryBytes: number;
  readonly zone: string | undefined;
  readonly replication: Replication;
  /** Settings that were asked for and that the user may read; a missing one was refused or is unknown there. */
  readonly settings: ReadonlyMap<string, string>;
  /** Names of the settings that hold a secret, such as masterauth; never the secret. Undefined when refused. */
  readonly secretsSet: ReadonlySet<string> | undefined;
  /** Function libraries, name to a digest of the code; undefined when the server has none or refuses to tell. */
  readonly functions: ReadonlyMap<string, string> | undefined;
}

export type Replication =
  | { readonly role: "primary"; readonly offset: number; readonly replicas: number }
  | {
      readonly role: "replica";
      readonly linkUp: boolean;
      readonly syncing: boolean;
      readonly offset: number;
      /** Seconds since the primary was last heard; undefined while the link is down. */
      readonly lastHeardSeconds: number | undefined;
      /** Where it believes its primary to be. */
      readonly primaryAddress: string;
    };

export function keyCountOf({ keysByDatabase }: NodeFacts): number {
  return [...keysByDatabase.values()].reduce((sum, keys) => sum + keys, 0);
}
