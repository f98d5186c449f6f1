import type { Check, Severity } from "./finding.ts";

/** What a finding code means; the table is printed in OPERATIONS.md and held equal by a test. */
export interface FindingCodeEntry {
  readonly check: Check;
  readonly severity: Severity;
  /** One sentence that holds for every finding of this code. */
  readonly title: string;
  /** What a person does next. */
  readonly remedy: string;
}

const REBUILD = "Do not use this candidate; rebuild it with `candor migrate`, then `candor scan-all`.";
const FIX_SOURCE = "Mend the record in the source, or add a mapping rule in module.json, then `candor dry-run`.";
const STALE = "Stop writes to the source; then `candor registry generate`, review, `candor migrate` and verify again.";
const RELOAD = "Find out who wrote to the target; then `candor load` with --replace, and verify again.";
const FIX_REGISTRY = "Mend the registry file, then `candor registry check`.";

function blocker(check: Check, title: string, remedy: string): FindingCodeEntry {
  return { check, severity: "BLOCKER", title, remedy };
}

function warning(check: Check, title: string, remedy: string): FindingCodeEntry {
  return { check, severity: "WARNING", title, remedy };
}

/** Every kind of finding the toolkit can report. */
export const FINDING_CODES = {
  SOURCE_RECORD_TYPE: blocker("source", "A source record is not an object.", FIX_SOURCE),
  SOURCE_LINE_INVALID: blocker("source", "A line of a source file cannot be read as one JSON value.", FIX_SOURCE),
  SOURCE_VALUE_INVALID: blocker("source", "A source value cannot be carried without loss.", FIX_SOURCE),
  SOURCE_FIELD_UNKNOWN: blocker(
    "source",
    "A source field is neither mapped nor dropped.",
    "Map it in `fields` or list it in `drop` of module.json, then `candor dry-run`.",
  ),
  SOURCE_MODULE_EMPTY: blocker(
    "source",
    "The source has no records for a module that may not be empty.",
    "Check the source, or set `allowEmpty` in module.json.",
  ),
  SOURCE_CHANGED: blocker("source", "A record no longer gives the entity that the candidate has of it.", STALE),
  SOURCE_APPEARED: blocker("source", "The source has a record of which the candidate has no entity.", STALE),
  SOURCE_VANISHED: blocker("source", "The candidate has an entity whose record is gone from the source.", STALE),
  LEGACY_ID_MISSING: blocker("source", "A source record has no legacy key.", FIX_SOURCE),
  LEGACY_ID_TYPE: blocker("source", "A legacy key is neither a string nor a safe integer.", FIX_SOURCE),
  LEGACY_ID_DUPLICATE: blocker("source", "Two source records have the same legacy key.", FIX_SOURCE),
  MAPPING_AMBIGUOUS: blocker(
    "mapping",
    "Two spellings of one field hold different values.",
    "Decide which one counts: mend the source, or name a single spelling in `from`.",
  ),
  MAPPING_TYPE: blocker("mapping", "A value is not of the declared canonical type.", FIX_SOURCE),
  MAPPING_TRANSFORM: blocker("mapping", "A transformation could not read the value.", FIX_SOURCE),
  MAPPING_MAPPER: blocker("mapping", "The mapper function failed on a record.", "Mend the mapper file of the module."),
  REGISTRY_ENTRY_MISSING: blocker(
    "registry",
    "A source record has no registry entry.",
    "`candor registry propose` writes the missing entries for review; add them, then `candor registry freeze`.",
  ),
  REFERENCE_UNMAPPED: blocker(
    "references",
    "A reference names a legacy id that the target module's registry does not hold.",
    FIX_SOURCE,
  ),
  REFERENCE_MISSING: blocker("references", "A reference points at an entity that does not exist.", FIX_SOURCE),
  SCHEMA_VIOLATION: blocker("schema", "An entity does not satisfy the schema of its module.", FIX_SOURCE),
  INVARIANT_VIOLATED: blocker("invariants", "An entity violates an invariant of its module.", FIX_SOURCE),
  PII_UNCLASSIFIED: blocker("pii", "A schema field has no PII class.", "Add `pii` (0, 1 or 2) in schema.json."),
  PII_RESIDENCY: blocker(
    "pii",
    "A field of PII class 2 does not say `residency: local`.",
    "Add `residency` in schema.json, or lower the class if that is right.",
  ),
  PII_EMAIL: blocker("pii", "A field of PII class 0 holds a mail address.", "Classify the field, or clean the data."),
  PII_PHONE: blocker("pii", "A field of PII class 0 holds a phone number.", "Classify the field, or clean the data."),
  PII_IBAN: blocker("pii", "A field of PII class 0 holds an IBAN.", "Classify the field, or clean the data."),
  PII_CARD: blocker("pii", "A field of PII class 0 holds a card number.", "Classify the field, or clean the data."),
  SCHEMA_VERSION_DRIFT: blocker("drift", "An entity has another schemaVersion than its module.", REBUILD),
  INPUT_DRIFT: warning(
    "drift",
    "The candidate was built from other definitions or registries than the project holds now.",
    "Rebuild the candidate, or check out the inputs it was built from.",
  ),
  REGISTRY_FILE_UNKNOWN: warning(
    "registry",
    "A registry file belongs to no module of migration.json.",
    "Remove the file, or add the module.",
  ),
  REGISTRY_ENTRY_MALFORMED: blocker(
    "registry",
    "A registry entry is not of the form legacyId, targetUuid, version.",
    FIX_REGISTRY,
  ),
  REGISTRY_UUID_MALFORMED: blocker("registry", "A targetUuid is not a lower-case UUID.", FIX_REGISTRY),
  REGISTRY_UUID_DUPLICATE: blocker("registry", "Two entries of a registry share a targetUuid.", FIX_REGISTRY),
  REGISTRY_UUID_SHARED: blocker("registry", "Registries of two modules share a targetUuid.", FIX_REGISTRY),
  REGISTRY_LEGACY_ID_DUPLICATE: blocker("registry", "Two entries of a registry share a legacyId.", FIX_REGISTRY),
  REGISTRY_UNSORTED: blocker(
    "registry",
    "A registry is not ascending by the UTF-8 bytes of legacyId.",
    "Sort the file; `candor registry check` names the first entry out of order.",
  ),
  REGISTRY_NOT_FROZEN: warning("registry", "A registry has no digest in the lock file.", "`candor registry freeze`"),
  REGISTRY_GROWN: warning(
    "registry",
    "A registry has grown since it was frozen; every frozen entry is unchanged.",
    "Review the new entries, then `candor registry freeze`.",
  ),
  REGISTRY_CHANGED: blocker(
    "registry",
    "A registry changed since it was frozen: a frozen entry is missing or different.",
    "Bring the frozen entry back from version control; ids that were given out must not change.",
  ),
  REGISTRY_ID_UNKNOWN: blocker("registry", "An entity has an id that its registry does not hold.", REBUILD),
  REGISTRY_ENTRY_UNUSED: warning(
    "registry",
    "A registry entry has no entity.",
    "Check that no record was lost; waive it where the record was deleted in the source on purpose.",
  ),
  MODULE_MISSING: blocker("layout", "A module of the run has no folder in the candidate.", REBUILD),
  MODULE_UNEXPECTED: blocker("layout", "A folder of the candidate belongs to no module of the run.", REBUILD),
  FILE_MISSING: blocker("layout", "A file of the candidate is missing.", REBUILD),
  FILE_UNEXPECTED: blocker("layout", "A file does not belong in a candidate.", REBUILD),
  FILE_TYPE: blocker("layout", "A path of the candidate is not a regular file or directory.", REBUILD),
  FILE_MODE: blocker("layout", "A path of the candidate has the wrong mode.", REBUILD),
  FILE_TORN: blocker("layout", "A file does not end in LF: it is torn.", REBUILD),
  LINE_TOO_LONG: blocker("encoding", "A line is longer than 16 MiB.", REBUILD),
  LINE_UTF8: blocker("encoding", "A line is not valid UTF-8.", REBUILD),
  LINE_JSON: blocker("encoding", "A line is not one JSON object.", REBUILD),
  LINE_DUPLICATE_KEY: blocker("encoding", "A line has the same key twice in one object.", REBUILD),
  LINE_NUMBER: blocker("encoding", "A number is outside the range that JSON readers keep exactly.", REBUILD),
  LINE_SURROGATE: blocker("encoding", "A string holds a lone surrogate.", REBUILD),
  LINE_NESTING: blocker("encoding", "A value is nested deeper than 128, or has more than 65 536 keys.", REBUILD),
  LINE_NOT_CANONICAL: blocker("encoding", "A line is not in canonical form (RFC 8785).", REBUILD),
  ENTITY_ID_INVALID: blocker("order", "An entity has no lower-case UUID as id.", REBUILD),
  ENTITY_ID_DUPLICATE: blocker("order", "Two entities of a module have the same id.", REBUILD),
  ENTITY_ORDER: blocker("order", "Entities are not strictly ascending by id.", REBUILD),
  DIGEST_LINE_MALFORMED: blocker("digests", "A line of entities.jsonl is not an id and a digest.", REBUILD),
  DIGEST_LINE_MISSING: blocker("digests", "An entity has no line in entities.jsonl.", REBUILD),
  DIGEST_LINE_ORPHAN: blocker("digests", "A line of entities.jsonl has no entity.", REBUILD),
  DIGEST_MISMATCH: blocker("digests", "The bytes of an entity do not have the recorded digest.", REBUILD),
  TRANSIENT_READ: warning(
    "digests",
    "Bytes that were wrong at first were right when read again: the disk or memory gives different bytes at different times.",
    "Check the hardware (memory test, SMART, `dmesg`), then scan again.",
  ),
  CHUNK_LINE_MALFORMED: blocker("chunks", "A line of chunks.jsonl is not a chunk record.", REBUILD),
  CHUNK_GAP: blocker("chunks", "The chunk list is not gapless or does not cover its files.", REBUILD),
  CHUNK_BOUNDARY: blocker("chunks", "A chunk does not end where the content says.", REBUILD),
  CHUNK_DIGEST: blocker("chunks", "The bytes of a chunk do not have the recorded digest.", REBUILD),
  MERKLE_MALFORMED: blocker("merkle", "A merkle.json is not of format candor-merkle/1.", REBUILD),
  MERKLE_MISMATCH: blocker("merkle", "A merkle.json does not match the files it binds.", REBUILD),
  MERKLE_ROOT: blocker("merkle", "The Merkle root of a module differs from the recorded one.", REBUILD),
  RUN_MALFORMED: blocker("merkle", "run.json is not of format candor-run/1.", REBUILD),
  RUN_MODULE: blocker("merkle", "A module record of run.json does not match the module's merkle.json.", REBUILD),
  RUN_LEDGER: blocker("merkle", "A module has another number of entities than records were read.", REBUILD),
  RUN_ROOT: blocker("merkle", "The run root differs from the recorded one.", REBUILD),
  TARGET_CHANGED: blocker("target", "A row of the target does not give the entity of the candidate.", RELOAD),
  TARGET_MISSING: blocker("target", "The target has no row for an entity of the candidate.", RELOAD),
  TARGET_EXTRA: blocker("target", "The target has a row of which the candidate has no entity.", RELOAD),
  WAIVER_EXPIRED: warning("waivers", "A waiver has expired and no longer counts.", "Mend the fault, or renew it."),
  WAIVER_UNUSED: warning("waivers", "A waiver matched no finding.", "Remove it from migration/waivers.json."),
} as const satisfies Record<string, FindingCodeEntry>;

/** The code of a finding: stable, listed in OPERATIONS.md. */
export type FindingCode = keyof typeof FINDING_CODES;

/** Checks of which nothing can be waived: what is broken there is the proof itself. */
const UNWAIVABLE_CHECKS: ReadonlySet<Check> = new Set<Check>([
  "layout",
  "encoding",
  "order",
  "digests",
  "chunks",
  "merkle",
  "target",
  "waivers",
]);

/**
 * Codes whose record cannot become an entity (a waiver would leave it out without a word), or does not stand for the
 * entity that the candidate has, and faults of a registry that
 * would give an id to the wrong record: `registry freeze --accept-changed` is the way to accept a change of ids.
 */
const UNWAIVABLE_CODES: ReadonlySet<FindingCode> = new Set<FindingCode>([
  "SOURCE_RECORD_TYPE",
  "SOURCE_LINE_INVALID",
  "SOURCE_VALUE_INVALID",
  "SOURCE_CHANGED",
  "SOURCE_APPEARED",
  "SOURCE_VANISHED",
  "LEGACY_ID_MISSING",
  "LEGACY_ID_TYPE",
  "LEGACY_ID_DUPLICATE",
  "MAPPING_AMBIGUOUS",
  "MAPPING_TYPE",
  "MAPPING_TRANSFORM",
  "MAPPING_MAPPER",
  "REGISTRY_ENTRY_MISSING",
  "REFERENCE_UNMAPPED",
  "REGISTRY_ENTRY_MALFORMED",
  "REGISTRY_UUID_MALFORMED",
  "REGISTRY_UUID_DUPLICATE",
  "REGISTRY_UUID_SHARED",
  "REGISTRY_LEGACY_ID_DUPLICATE",
  "REGISTRY_CHANGED",
  "REGISTRY_ID_UNKNOWN",
]);

/** True where a named person may accept findings of this code for a time. */
export function isWaivable(code: FindingCode): boolean {
  return !UNWAIVABLE_CHECKS.has(FINDING_CODES[code].check) && !UNWAIVABLE_CODES.has(code);
}
