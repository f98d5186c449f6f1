import { statSync } from "node:fs";

/**
 * Identity, size and time of change of files as text; equal stamps mean that nobody replaced or wrote them. Only asks
 * the folder: opening and closing a database file here would drop the locks that SQLite holds on it in this process.
 */
export function stampOf(paths: readonly string[]): string {
  return paths.map(stampOne).join(" ");
}

function stampOne(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? "none" : [stat.dev, stat.ino, stat.size, stat.mtimeNs].join(":");
}
