import { canonicalize, stringifyChecked } from "../../integrity/canonical.ts";
import { sha256Hex } from "../../integrity/digest.ts";
import { isJsonObject, type JsonObject } from "../../model/json.ts";
import { type CutoverRecord, type JournalRecord, RECORD_TYPES, RECORD_VERSION, type RecordHead } from "./record.ts";

/** `prev` of the first record. */
export const FIRST_PREV = "0".repeat(64);

/** The last record of a journal, as it is anchored in other places. */
export interface Head {
  /** -1 before the first record. */
  readonly seq: number;
  readonly hash: string;
}

/** The head of a journal without records. */
export const NO_RECORDS: Head = { seq: -1, hash: FIRST_PREV };

/** A record and the line that holds it, LF included. */
export interface RecordLine {
  readonly record: JournalRecord;
  readonly line: string;
}

/** Seals a body into the next record of the chain; VALUE_INVALID where it holds what JSON cannot. */
export function sealRecord(head: Omit<RecordHead, "hash">, body: CutoverRecord): RecordLine {
  const open = { ...head, ...body };
  const hash = sha256Hex(canonicalize(open));
  // canonicalize has just looked at every value.
  const record = { ...open, hash } as JournalRecord;
  return { record, line: `${stringifyChecked(record as unknown as JsonObject)}\n` };
}

/** The record in `line` (without LF) if it may follow `previous` in the run `run`; else a sentence on what is wrong. */
export function readRecord(line: string, previous: Head, run: string): JournalRecord | string {
  const value = parse(line);
  if (value === undefined) return "it is not a JSON object";
  const { v, seq, prev, hash, type } = value;
  if (v !== RECORD_VERSION) return `its version is ${String(v)}; this driver reads version ${RECORD_VERSION}`;
  if (typeof hash !== "string" || stringifyChecked(value) !== line) return "it is not in canonical form";
  if (sha256Hex(withoutHash(line, hash)) !== hash) return "its hash is not the hash of its content";
  if (seq !== previous.seq + 1) return `its number is ${String(seq)}, not ${previous.seq + 1}`;
  if (prev !== previous.hash) return "it does not follow the record before it";
  if (value["run"] !== run) return `it belongs to the run ${String(value["run"])}, not to ${run}`;
  if (typeof type !== "string" || !RECORD_TYPES.has(type)) return `its type ${String(type)} is not known`;
  if (!hasHead(value)) return "a field that every record has is missing or of another type";
  // The fields were just looked at; `data` is bound to what a driver wrote by the hash.
  return value as unknown as JournalRecord;
}

/** The canonical text without its `hash`: no other place can hold a hash that covers the place itself. */
function withoutHash(line: string, hash: string): string {
  const member = `"hash":"${hash}",`;
  const at = line.lastIndexOf(member);
  return at < 0 ? line : line.slice(0, at) + line.slice(at + member.length);
}

function parse(line: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function hasHead(value: JsonObject): boolean {
  const texts = ["at", "host", "user"].every((key) => typeof value[key] === "string");
  const boot = value["boot"] === null || typeof value["boot"] === "string";
  const step = value["step"] === null || typeof value["step"] === "string";
  const attempt = value["attempt"] === null || typeof value["attempt"] === "number";
  return texts && boot && step && attempt && typeof value["mono"] === "number" && isJsonObject(value["data"]);
}
