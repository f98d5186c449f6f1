import { readFileSync } from "node:fs";
import { isJsonObject, type JsonValue } from "../model/json.ts";
import { PROJECT } from "./paths.ts";
import type { Problems } from "./problems.ts";

/** Who may read a release, as live.json decides; what is undefined stays that of the user who promotes. */
export interface ReleaseAccess {
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  /** Mode of folders in octal; files have it without the right to enter. */
  readonly mode: string;
}

/** Readable by all and writable by nobody: a release never changes. */
const DEFAULT_MODE = "0555";

/** The access that live.json gives; a name that this machine does not know is a problem. */
export function parseAccess(live: JsonValue, problems: Problems): ReleaseAccess {
  const access = isJsonObject(live) ? live["access"] : undefined;
  if (!isJsonObject(access)) return { uid: undefined, gid: undefined, mode: DEFAULT_MODE };
  const mode = access["mode"];
  return {
    uid: idOf("owner", access["owner"], problems),
    gid: idOf("group", access["group"], problems),
    mode: typeof mode === "string" ? mode : DEFAULT_MODE,
  };
}

const DATABASES = { owner: "/etc/passwd", group: "/etc/group" };

function idOf(key: keyof typeof DATABASES, given: JsonValue | undefined, problems: Problems): number | undefined {
  if (typeof given === "number" || given === undefined) return given;
  const id = namesIn(DATABASES[key]).get(String(given));
  if (id === undefined) {
    problems.add(PROJECT.live, `/access/${key}`, `a name of ${DATABASES[key]}, or a number`, String(given));
  }
  return id;
}

function namesIn(file: string): ReadonlyMap<string, number> {
  const names = new Map<string, number>();
  for (const line of readLines(file)) {
    const [name, , id] = line.split(":");
    if (name !== undefined && id !== undefined && /^\d+$/.test(id)) names.set(name, Number(id));
  }
  return names;
}

function readLines(file: string): readonly string[] {
  try {
    return readFileSync(file, "utf8").split("\n");
  } catch {
    return [];
  }
}
