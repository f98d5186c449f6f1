import { isAbsolute, join } from "node:path";

/** Where things are in a project, relative to its root, with forward slashes. */
export const PROJECT = {
  migration: "migration/migration.json",
  waivers: "migration/waivers.json",
  live: "migration/live.json",
  mapping: "migration/mapping",
  lock: "migration/mapping/registry.lock.json",
  lockEntries: "migration/mapping/registry.lock",
  modules: "modules",
  candidates: "storage_candidate",
  reports: "storage_reports",
  releases: "storage/releases",
  flips: "storage/releases/flips/flips.jsonl",
} as const;

/** `file` under `root`, unless it is absolute already. */
export function under(root: string, file: string): string {
  return isAbsolute(file) ? file : join(root, file);
}
