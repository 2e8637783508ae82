import { ExitCode, SlotctlError } from "../errors.ts";

const FULL: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

/** What cannot be written or made. */
export function notWritten(path: string, cause: unknown): SlotctlError {
  const code = codeOf(cause);
  const isFull = FULL.has(code);
  return new SlotctlError(`Cannot write ${path}: ${isFull ? FULL_TEXT[code] : reasonOf(cause)}`, {
    code: isFull ? "DISK_FULL" : "DIRECTORY_UNUSABLE",
    exitCode: ExitCode.Failed,
    hint: isFull
      ? "Nothing of the new backup was left behind, and an older one in the directory is as it was. Make room, or choose another directory"
      : "Choose another directory for the backup",
    cause,
  });
}

const FULL_TEXT: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file would be larger than this user may write (ulimit -f)",
};

export function noParent(directory: string): SlotctlError {
  return new SlotctlError(`${directory} cannot be made: the directory above it is not there`, {
    code: "DIRECTORY_UNUSABLE",
    exitCode: ExitCode.Failed,
    hint: "Only the last part of the path is made, so that a disk that is not mounted is noticed",
  });
}

export function notADirectory(path: string): SlotctlError {
  return new SlotctlError(`${path} is not a directory`, {
    code: "DIRECTORY_UNUSABLE",
    exitCode: ExitCode.Failed,
    hint: "Choose another directory for the backup",
  });
}

export function backupExists(directory: string, what: string): SlotctlError {
  return new SlotctlError(`${directory} holds ${what}`, {
    code: "BACKUP_EXISTS",
    exitCode: ExitCode.Failed,
    hint: "Choose another directory, or let --overwrite replace it once the new backup is whole",
  });
}

export function directoryBusy(directory: string, lock: string, who: string): SlotctlError {
  return new SlotctlError(`Another backup is being written to ${directory}, by ${who}`, {
    code: "DIRECTORY_IN_USE",
    exitCode: ExitCode.Failed,
    hint: `Wait for it, or choose another directory. If you are sure that it is gone, remove ${lock}`,
  });
}

export function receivedBroken(from: string, why: string): SlotctlError {
  return new SlotctlError(`What ${from} sent is no whole RDB file: ${why}`, {
    code: "TRANSFER_INCOMPLETE",
    exitCode: ExitCode.Failed,
    hint: "The log of the server tells whether its snapshot failed",
  });
}

export function noBackup(directory: string, why: string): SlotctlError {
  return new SlotctlError(`${directory} holds no backup: ${why}`, {
    code: "NOT_A_BACKUP",
    exitCode: ExitCode.Unhealthy,
    hint: "A backup that was cut short leaves no manifest.json; make it again with slotctl backup",
  });
}

function reasonOf(cause: unknown): string {
  switch (codeOf(cause)) {
    case "EACCES":
    case "EPERM":
      return "permission denied";
    case "EROFS":
      return "the file system is read-only";
    case "ENOENT":
      return "the directory is gone";
    case "ENAMETOOLONG":
      return "the name is too long";
  }
  return cause instanceof Error ? cause.message : String(cause);
}

export function codeOf(cause: unknown): string {
  return cause instanceof Error && "code" in cause ? String(cause.code) : "";
}
