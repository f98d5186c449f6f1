import { type BigIntStats, realpathSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { MigrationError, systemCode } from "../model/errors.ts";

/** True when the live pointer leads to `folder` or into it; a missing or dangling pointer leads nowhere. */
export function resolvesInto(pointer: string, folder: string): boolean {
  try {
    const target = orMissing(() => realpathSync.native(pointer));
    const wanted = orMissing(() => statSync(folder, { bigint: true }));
    return target !== undefined && wanted !== undefined && isWithin(target, wanted);
  } catch (error) {
    throw new MigrationError("LIVE_POINTER", {
      message: `The live pointer cannot be followed (${systemCode(error) ?? "unknown error"}).`,
      remedy: "Look where the path of migration/live.json leads (`ls -l`), mend the link, then run the command again.",
      cause: error,
    });
  }
}

/** Compares files, not names: letter case and bind mounts do not hide a folder. */
function isWithin(path: string, folder: BigIntStats): boolean {
  const stat = statSync(path, { bigint: true });
  if (stat.dev === folder.dev && stat.ino === folder.ino) return true;
  const parent = dirname(path);
  return parent !== path && isWithin(parent, folder);
}

function orMissing<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return undefined;
    throw error;
  }
}
