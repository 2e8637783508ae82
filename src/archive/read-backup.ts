import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type FileDigest, MANIFEST_FILE, type Manifest, parseManifest, UnreadableManifest } from "../model/manifest.ts";
import { type ListedPrimary, NODES_FILE, parseNodesFile } from "../model/redis-cli-backup.ts";
import { parseRanges, type SlotRanges } from "../model/slot.ts";
import { codeOf, noBackup } from "./failures.ts";

/** The data set of one shard as a file, and what is known of it beforehand. */
export interface BackupFile {
  readonly file: string;
  /** Undefined in a backup of redis-cli: then only the file itself can tell that it is whole. */
  readonly digest: FileDigest | undefined;
  readonly slots: SlotRanges;
  /** Where it was taken from, as the backup names it. */
  readonly address: string;
  readonly keys: number | undefined;
}

/** What a directory says that it holds; nothing of it is verified yet. */
export interface FoundBackup {
  readonly directory: string;
  /** Undefined for a backup that redis-cli or valkey-cli made: it has nodes.json alone. */
  readonly manifest: Manifest | undefined;
  readonly files: readonly BackupFile[];
}

/** A list of nodes is small, whatever the cluster. */
const LARGEST_LIST_BYTES = 64 << 20;

/** @throws SlotctlError, exit code 3, when there is no backup */
export function readBackup(directory: string): FoundBackup {
  const manifest = readText(directory, MANIFEST_FILE);
  if (manifest !== undefined) return ofManifest(directory, manifest);
  const nodes = readText(directory, NODES_FILE);
  if (nodes === undefined) throw noBackup(directory, `it has neither ${MANIFEST_FILE} nor ${NODES_FILE}`);
  const primaries = parseNodesFile(nodes)?.filter(({ slots }) => slots.length > 0);
  if (primaries === undefined) throw noBackup(directory, `${NODES_FILE} is not as redis-cli writes it`);
  return { directory, manifest: undefined, files: primaries.map((primary) => ofPrimary(directory, primary)) };
}

function ofManifest(directory: string, text: string): FoundBackup {
  try {
    const manifest = parseManifest(text);
    const files = manifest.shards.map((shard): BackupFile => {
      const { file, bytes, sha256, slots, primary, keys } = shard;
      return {
        file,
        digest: { file, bytes, sha256 },
        slots: parseRanges(slots) ?? [],
        address: primary.address,
        keys: Object.values(keys).reduce((sum, number) => sum + number, 0),
      };
    });
    return { directory, manifest, files };
  } catch (error) {
    if (!(error instanceof UnreadableManifest)) throw error;
    throw noBackup(directory, `${MANIFEST_FILE} cannot be used, ${error.message}`);
  }
}

function ofPrimary(directory: string, { files, slots, address }: ListedPrimary): BackupFile {
  const isThere = (file: string) => statSync(join(directory, file), { throwIfNoEntry: false }) !== undefined;
  const file = files.find(isThere) ?? files[0]!;
  return { file, digest: undefined, slots, address, keys: undefined };
}

/** Undefined when there is no such file. */
function readText(directory: string, name: string): string | undefined {
  const path = join(directory, name);
  try {
    if (statSync(path).size > LARGEST_LIST_BYTES) throw noBackup(directory, `${name} is far too large`);
    return readFileSync(path, "utf8");
  } catch (error) {
    switch (codeOf(error)) {
      case "ENOENT":
      case "ENOTDIR":
        return undefined;
      case "EACCES":
      case "EISDIR":
        throw noBackup(directory, `${name} cannot be read`);
    }
    throw error;
  }
}
