import { isJsonObject, type JsonObject, type JsonValue } from "../model/json.ts";
import { UUID } from "../model/module.ts";
import { isPrintable } from "../model/printable.ts";

/** One line of a registry: which UUID a legacy id was given. */
export interface RegistryEntry {
  /** Not empty; a composite key is the JCS text of its array. */
  readonly legacyId: string;
  /** Lower-case UUID of any version. */
  readonly targetUuid: string;
  /** 1 when the entry was made. */
  readonly version: number;
}

/** One way in which a value is not a registry entry. */
export interface EntryProblem {
  /** `uuid` where only the text of `targetUuid` is wrong, `entry` for anything else. */
  readonly kind: "entry" | "uuid";
  /** The key that is wrong; absent where the whole value is. */
  readonly field?: string;
  readonly expected: string;
  readonly got: string;
}

/** A trusted entry, or everything that is wrong with the value and its legacy id if that much was readable. */
export type ParsedEntry =
  | { readonly entry: RegistryEntry }
  | { readonly problems: readonly EntryProblem[]; readonly legacyId: string | undefined };

const KEYS: ReadonlySet<string> = new Set(["legacyId", "targetUuid", "version"]);
/** Only such names of unknown keys are repeated in findings: anything else may be a value gone astray. */
const PLAIN_KEY = /^[A-Za-z_][A-Za-z0-9_-]{0,39}$/;

/** Takes a parsed JSON value for a registry entry, or names all its problems. */
export function parseEntry(value: JsonValue): ParsedEntry {
  if (!isJsonObject(value)) {
    const expected = "an object with legacyId, targetUuid and version";
    return { problems: [{ kind: "entry", expected, got: typeName(value) }], legacyId: undefined };
  }
  const { legacyId, targetUuid, version } = value;
  if (isLegacyId(legacyId) && isUuid(targetUuid) && isVersion(version) && Object.keys(value).length === KEYS.size) {
    return { entry: { legacyId, targetUuid, version } };
  }
  return { problems: [...problemsOf(value)], legacyId: isLegacyId(legacyId) ? legacyId : undefined };
}

/** The entry as one JCS line without LF (RFC 8785); its strings must be well-formed. */
export function entryLine(entry: RegistryEntry): string {
  // Keys are in code-unit order, and JSON.stringify of a well-formed string is its JCS form: 73 ns against 774.
  return `{"legacyId":${JSON.stringify(entry.legacyId)},"targetUuid":"${entry.targetUuid}","version":${entry.version}}`;
}

function* problemsOf(value: JsonObject): Generator<EntryProblem> {
  const { legacyId, targetUuid, version } = value;
  if (!isLegacyId(legacyId)) yield problem("entry", "legacyId", "a string that is not empty", legacyId);
  if (typeof targetUuid !== "string") yield problem("entry", "targetUuid", "a lower-case UUID", targetUuid);
  else if (!isUuid(targetUuid)) yield problem("uuid", "targetUuid", "a lower-case UUID", targetUuid);
  if (!isVersion(version)) yield problem("entry", "version", "an integer from 1", version);
  for (const key of Object.keys(value)) {
    if (KEYS.has(key)) continue;
    const named = PLAIN_KEY.test(key) && isPrintable(key) ? { field: key } : {};
    yield { kind: "entry", ...named, expected: "only legacyId, targetUuid and version", got: "an unknown key" };
  }
}

function problem(kind: EntryProblem["kind"], field: string, expected: string, value: JsonValue | undefined) {
  return { kind, field, expected, got: typeName(value) };
}

function isLegacyId(value: JsonValue | undefined): value is string {
  return typeof value === "string" && value !== "";
}

function isUuid(value: JsonValue | undefined): value is string {
  return typeof value === "string" && UUID.test(value);
}

function isVersion(value: JsonValue | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 1;
}

/** What a wrong value is, without showing it. */
function typeName(value: JsonValue | undefined): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (typeof value === "string") return value === "" ? "an empty string" : `a string of ${value.length} code units`;
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
