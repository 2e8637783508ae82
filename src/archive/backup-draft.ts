import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
} from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { SlotctlError } from "../errors.ts";
import { MANIFEST_FILE } from "../model/manifest.ts";
import { isRdbFileName, NODES_FILE } from "../model/redis-cli-backup.ts";
import { Digest, type Digested } from "./digest-file.ts";
import { lockDirectory } from "./directory-lock.ts";
import { backupExists, codeOf, noParent, notADirectory, notWritten } from "./failures.ts";

/**
 * What becomes of a backup that is there already. `refuse`: it stays, and there is no new one. `replace`: it stays as it
 * is until the new one is whole; files of both never have the same name. `in-place`: file by file, under the same names,
 * as those expect who know the names that redis-cli gives.
 */
export type ExistingBackup = "refuse" | "replace" | "in-place";

export interface DraftOptions {
  readonly directory: string;
  readonly existing: ExistingBackup;
  /** Of the directory, when it has to be made, and of the files in it. */
  readonly mode: { readonly directory: number; readonly files: number };
}

const TEMPORARY = /^\.slotctl-.*\.tmp$/;
const ACL_FILE = /^users(-\d+)?\.acl$/;

/**
 * A backup that is being written. Nothing of it can be taken for a backup before `commit`, whatever happens: all files
 * have temporary names until each of them is whole and on the disk, and manifest.json gets its name last.
 */
export class BackupDraft implements Disposable {
  readonly #options: DraftOptions;
  readonly #lock: Disposable;
  readonly #madeDirectory: boolean;
  /** What was in the directory of an earlier backup, by name. */
  readonly #earlier: ReadonlySet<string>;
  /** Final names of what lies there under a temporary one. */
  readonly #written = new Set<string>();
  readonly #published = new Set<string>();
  #committed = false;

  /** @throws SlotctlError when the directory cannot be used, is in use, or holds a backup that has to stay */
  constructor(options: DraftOptions) {
    this.#options = options;
    this.#madeDirectory = makeDirectory(options.directory, options.mode.directory);
    this.#lock = lockDirectory(options.directory);
    try {
      const names = readdirSync(options.directory);
      for (const name of names.filter((name) => TEMPORARY.test(name))) rmSync(this.#path(name));
      this.#earlier = new Set(names.filter(isOfBackup));
      if (options.existing === "refuse") refuseExisting(options.directory, this.#earlier);
    } catch (error) {
      this.#lock[Symbol.dispose]();
      throw error instanceof SlotctlError ? error : notWritten(options.directory, error);
    }
  }

  /** The name that a file gets in the end: the one that is wished for, or one like it that an earlier backup leaves free. */
  nameFor(wished: string): string {
    if (this.#options.existing === "in-place") return wished;
    const [, stem = "", extension = ""] = /^(.*)(\.[^.]*)$/.exec(wished) ?? [];
    const names = [wished, ...Array.from({ length: this.#earlier.size + 1 }, (_, i) => `${stem}-${i + 2}${extension}`)];
    return names.find((name) => !this.#earlier.has(name))!;
  }

  /**
   * Writes a file as its parts come, no faster than the disk takes them, until it is on the disk.
   * @throws SlotctlError when it cannot be written; whatever the parts throw
   */
  async save(
    name: string,
    parts: AsyncIterable<Buffer>,
    onBytes: (bytes: number) => void = () => {},
  ): Promise<Digested> {
    const path = this.#temporary(name);
    const digest = new Digest();
    this.#written.add(name);
    const file = await this.#open(path, name);
    try {
      let bytes = 0;
      for await (const part of parts) {
        digest.push(part);
        await writing(path, () => file.writeFile(part));
        bytes += part.length;
        onBytes(bytes);
      }
      await writing(path, () => file.sync());
    } finally {
      // What could not be written may be told of only now.
      await writing(path, () => file.close());
    }
    return digest.end();
  }

  saveText(name: string, text: string): Promise<Digested> {
    return this.save(name, partsOf(text));
  }

  #open(path: string, name: string): Promise<FileHandle> {
    const mode = ACL_FILE.test(name) ? 0o600 : this.#options.mode.files;
    return writing(path, () => open(path, "wx", mode));
  }

  /**
   * Makes a backup of what was saved, and removes the earlier one.
   * @throws SlotctlError when it cannot be done
   */
  async commit(manifest: string, nodes: string): Promise<void> {
    const { directory, existing } = this.#options;
    const files = [...this.#written];
    await this.saveText(NODES_FILE, nodes);
    await this.saveText(MANIFEST_FILE, manifest);
    await writing(directory, async () => {
      // From here on the files are no longer those that this manifest speaks of.
      if (existing === "in-place") rmSync(this.#path(MANIFEST_FILE), { force: true });
      for (const name of files) this.#publish(name);
      syncDirectory(directory);
      this.#publish(NODES_FILE);
      this.#publish(MANIFEST_FILE);
      this.#committed = true;
      syncDirectory(directory);
    });
    if (existing === "replace") for (const name of this.#earlier) this.#forget(name);
  }

  #publish(name: string): void {
    renameSync(this.#temporary(name), this.#path(name));
    this.#written.delete(name);
    this.#published.add(name);
  }

  /** The new backup is there, whether an old file can be removed or not. */
  #forget(name: string): void {
    if (!this.#published.has(name)) rmSync(this.#path(name), { force: true });
  }

  /** Without a commit nothing is left of it; what replaced a file of the same name stays. */
  [Symbol.dispose](): void {
    for (const name of this.#written) rmSync(this.#temporary(name), { force: true });
    if (!this.#committed) {
      for (const name of this.#published) if (!this.#earlier.has(name)) rmSync(this.#path(name), { force: true });
    }
    this.#lock[Symbol.dispose]();
    if (!this.#committed && this.#madeDirectory) removeIfEmpty(this.#options.directory);
  }

  #path(name: string): string {
    return join(this.#options.directory, name);
  }

  #temporary(name: string): string {
    return this.#path(`.slotctl-${name}.tmp`);
  }
}

async function* partsOf(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}

async function writing<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof SlotctlError ? error : notWritten(path, error);
  }
}

function isOfBackup(name: string): boolean {
  return name === MANIFEST_FILE || name === NODES_FILE || ACL_FILE.test(name) || isRdbFileName(name);
}

function refuseExisting(directory: string, earlier: ReadonlySet<string>): void {
  if (earlier.has(MANIFEST_FILE)) throw backupExists(directory, "a backup already");
  if (earlier.has(NODES_FILE)) throw backupExists(directory, "a backup of redis-cli already");
  const [rdb] = [...earlier].filter(isRdbFileName);
  if (rdb !== undefined) throw backupExists(directory, `parts of a backup already, such as ${rdb}`);
}

/** Whether it had to be made. Only the last part of the path is. */
function makeDirectory(directory: string, mode: number): boolean {
  try {
    mkdirSync(directory, { mode });
    return true;
  } catch (error) {
    if (codeOf(error) === "ENOENT") throw noParent(directory);
    if (codeOf(error) !== "EEXIST") throw notWritten(directory, error);
    if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) throw notADirectory(directory);
    return false;
  }
}

/** So that the names, too, outlive a power cut. */
function syncDirectory(directory: string): void {
  const handle = openSync(directory, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // Somebody put something into it.
  }
}
