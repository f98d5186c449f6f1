import { isJsonObject, type JsonObject, type JsonValue } from "../../model/json.ts";

/** A file as it was right before a step that writes it; its bytes are kept on the host where it is. */
export interface KeptFile {
  /** As the plan names it, values put in. */
  readonly path: string;
  /** Host of the plan; null = here. */
  readonly on: string | null;
  /** Folder that it was named from; null = the project, or the home on another host. */
  readonly dir: string | null;
  /** Absolute path of the kept bytes here; below the home on another host. */
  readonly copy: string;
  /** Null = there was no such file. */
  readonly sha256: string | null;
  /** Octal permissions; null = there was no such file. */
  readonly mode: string | null;
}

/** The files of a step, and what it left in each: a digest, null for none, undefined where nobody saw it. */
export interface Kept {
  readonly files: readonly KeptFile[];
  readonly left: readonly (string | null)[] | undefined;
  /** A person has decided that what somebody else wrote since may be put aside. */
  readonly isForced: boolean;
}

/** The kept files of an intent; empty where it has none. */
export function keptFilesOf(preImage: JsonObject | null): readonly KeptFile[] {
  const files: JsonValue = preImage?.["files"] ?? [];
  const list: readonly JsonValue[] = Array.isArray(files) ? files : [];
  return list.filter(isJsonObject).map((file) => ({
    path: String(file["path"]),
    on: textOf(file["on"]),
    dir: textOf(file["dir"]),
    copy: String(file["copy"]),
    sha256: textOf(file["sha256"]),
    mode: textOf(file["mode"]),
  }));
}

function textOf(value: JsonValue | undefined): string | null {
  return typeof value === "string" ? value : null;
}
