import { compareCodeUnits } from "../integrity/order.ts";
import { parseStrict } from "../integrity/strict-parse.ts";
import { MigrationError } from "../model/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../model/json.ts";
import { MODULE_NAME } from "../model/module.ts";
import type { FingerprintsDigest } from "./fingerprints.ts";

/** The format name in the lock file. */
export const LOCK_FORMAT = "candor-registry-lock/1";
const SHA256_HEX = /^[0-9a-f]{64}$/;
const ENTRY_KEYS: ReadonlySet<string> = new Set(["entries", "fingerprintsSha256", "sha256"]);

/** What the freeze keeps of a registry. */
export interface FrozenRegistry {
  readonly entries: number;
  /** Of the entry lines (FORMATS.md, section 5). */
  readonly sha256: string;
  /** Of the sidecar that tells growth from change. */
  readonly fingerprints: FingerprintsDigest;
}

/** The frozen registries by module. */
export type RegistryLock = ReadonlyMap<string, FrozenRegistry>;

/** What is frozen of a registry with these fingerprints; throws `REGISTRY_INVALID` where reading it had findings. */
export function freezeRegistry(
  registry: { readonly module: string; readonly size: number; readonly sha256: string; readonly faults: number },
  fingerprints: FingerprintsDigest,
): FrozenRegistry {
  if (registry.faults > 0) {
    throw new MigrationError("REGISTRY_INVALID", {
      message: `Freezing the registry of ${registry.module}: expected no findings, got ${registry.faults}.`,
      remedy: `candor registry check ${registry.module}`,
    });
  }
  return { entries: registry.size, sha256: registry.sha256, fingerprints };
}

/** The text of the lock file: one JSON document, keys sorted, two blanks of indent, LF at the end. */
export function lockFileText(lock: RegistryLock): string {
  const sorted = [...lock].sort(([left], [right]) => compareCodeUnits(left, right));
  // Written by hand: an object would move names that look like integers to the front.
  const registries = sorted.map(([module, { entries, sha256, fingerprints }]) => {
    const value = JSON.stringify({ entries, fingerprintsSha256: fingerprints.sha256, sha256 }, undefined, 2);
    return `    ${JSON.stringify(module)}: ${value.replaceAll("\n", "\n    ")}`;
  });
  const body = registries.length === 0 ? "{}" : `{\n${registries.join(",\n")}\n  }`;
  return `{\n  "format": "${LOCK_FORMAT}",\n  "registries": ${body}\n}\n`;
}

/** Reads the text of the lock file; throws `REGISTRY_INVALID` that names all problems. `file` is how they name it. */
export function parseLockFile(text: string, file: string): RegistryLock {
  const parsed = parseStrict(text);
  if (!parsed.ok) throw lockInvalid(file, [`at ${parsed.offset}: ${parsed.message}`]);
  const lock = new Map<string, FrozenRegistry>();
  const problems = [...documentProblems(parsed.value)];
  const registries = isJsonObject(parsed.value) ? parsed.value["registries"] : undefined;
  for (const [module, value] of Object.entries(isJsonObject(registries) ? registries : {})) {
    const found = parseFrozen(module, value);
    if (Array.isArray(found)) problems.push(...found);
    else lock.set(module, found);
  }
  if (problems.length > 0) throw lockInvalid(file, problems);
  return lock;
}

function* documentProblems(value: JsonValue): Generator<string> {
  if (!isJsonObject(value)) {
    yield "expected an object with format and registries, got another value";
    return;
  }
  if (value["format"] !== LOCK_FORMAT) yield `/format: expected "${LOCK_FORMAT}", got something else`;
  if (!isJsonObject(value["registries"])) yield "/registries: expected an object, got something else";
  const unknown = Object.keys(value).filter((key) => key !== "format" && key !== "registries");
  if (unknown.length > 0) yield `expected only format and registries, got unknown keys: ${unknown.join(", ")}`;
}

function parseFrozen(module: string, value: JsonValue): FrozenRegistry | string[] {
  const at = `/registries/${module}`;
  if (!isJsonObject(value)) return [`${at}: expected an object, got another value`];
  const { entries, sha256, fingerprintsSha256 } = value;
  const problems = [...frozenProblems(module, value)].map((words) => `${at}${words}`);
  if (problems.length > 0 || !isCount(entries) || !isDigest(sha256) || !isDigest(fingerprintsSha256)) return problems;
  return { entries, sha256, fingerprints: { count: entries, sha256: fingerprintsSha256 } };
}

function* frozenProblems(module: string, value: JsonObject): Generator<string> {
  if (!MODULE_NAME.test(module)) yield ": expected the name of a module, got another text";
  if (!isCount(value["entries"])) yield "/entries: expected an integer from 0, got something else";
  for (const key of ["sha256", "fingerprintsSha256"]) {
    if (!isDigest(value[key])) yield `/${key}: expected 64 lower-case hex digits, got something else`;
  }
  const unknown = Object.keys(value).filter((key) => !ENTRY_KEYS.has(key));
  if (unknown.length > 0)
    yield `: expected only ${[...ENTRY_KEYS].join(", ")}, got unknown keys: ${unknown.join(", ")}`;
}

function isCount(value: JsonValue | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isDigest(value: JsonValue | undefined): value is string {
  return typeof value === "string" && SHA256_HEX.test(value);
}

function lockInvalid(file: string, problems: readonly string[]): MigrationError {
  return new MigrationError("REGISTRY_INVALID", {
    message: `Reading ${file}: expected a registry lock of format ${LOCK_FORMAT}, got ${problems.length} problem(s).`,
    problems,
    remedy: `Bring ${file} back from version control, or make it anew with \`candor registry freeze\`.`,
  });
}
