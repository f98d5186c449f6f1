import { statfsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { MigrationError, systemCode } from "../model/errors.ts";
import { toStoreError } from "./atomic-file.ts";

const UNITS = ["KiB", "MiB", "GiB", "TiB", "PiB"];

/** Bytes an unprivileged user can still write where `dir` is or would be made. */
export function freeBytes(dir: string): number {
  for (let path = resolve(dir); ; path = dirname(path)) {
    try {
      const stat = statfsSync(path, { bigint: true });
      return Number(stat.bavail * stat.bsize);
    } catch (error) {
      const missing = systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR";
      if (!missing || path === dirname(path)) throw toStoreError(error, "Asking for the free space");
    }
  }
}

/** Throws DISK_SPACE unless `neededBytes` are free where `dir` is; `doing` said as "Building the candidate". */
export function assertDiskSpace(dir: string, neededBytes: number, doing: string): void {
  const free = freeBytes(dir);
  if (free >= neededBytes) return;
  throw new MigrationError("DISK_SPACE", {
    message: `${doing} needs ${formatBytes(neededBytes)} of free space; there are ${formatBytes(free)}.`,
    remedy: "`candor prune` removes old generations; then run the command again.",
  });
}

function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = "";
  for (const next of UNITS) {
    if (value < 1024) break;
    value /= 1024;
    unit = next;
  }
  return unit === "" ? `${bytes} bytes` : `${bytes} bytes (${value.toFixed(1)} ${unit})`;
}
