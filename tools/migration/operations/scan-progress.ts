import type { Finding } from "../model/finding.ts";
import type { JsonObject, JsonValue } from "../model/json.ts";
import type { ChunkRange, RangeResult } from "../ranges/verify-range.ts";
import type { ScanTaskResult } from "./scan-tasks.ts";

/** A range that was found to be in order: of level `scrub`, or with its tree and the faults of single entities. */
export type CleanRange =
  | { readonly kind: "scrub" }
  | {
      readonly kind: "verify";
      readonly range: Extract<RangeResult, { clean: true }>;
      readonly findings: readonly Finding[];
    };

/** The result of a task, where it is that of a range in order. */
export function cleanRange(result: ScanTaskResult | undefined): CleanRange | undefined {
  if (result?.kind === "scrub" && result.clean) return { kind: "scrub" };
  if (result?.kind !== "verify" || !result.range.clean) return undefined;
  return { kind: "verify", range: result.range, findings: result.findings };
}

/** The name of a range in a progress file. */
export function keyOf(range: ChunkRange): string {
  return `${range.module} ${range.chunks[0]?.index ?? 0} ${range.chunks.length}`;
}

/** The part of a progress file for the result of a range. */
export function partOf(range: ChunkRange, result: CleanRange): JsonObject {
  if (result.kind === "scrub") return { range: keyOf(range) };
  const { begin, end, subtrees } = result.range;
  return {
    range: keyOf(range),
    begin,
    end,
    subtrees: subtrees.map(({ level, hash }) => [level, Buffer.from(hash).toString("hex")]),
    findings: result.findings as unknown as JsonValue,
  };
}

/** Reads what `partOf` made; its digest was checked, so that its form is known. */
export function parsePart(part: JsonObject): [string, CleanRange] | undefined {
  const { range: key, begin, end, subtrees, findings } = part;
  if (typeof key !== "string") return undefined;
  if (typeof begin !== "number" || typeof end !== "number") return [key, { kind: "scrub" }];
  if (!Array.isArray(subtrees) || !Array.isArray(findings)) return undefined;
  const hashes = subtrees.map(([level, hash]: [number, string]) => ({ level, hash: Buffer.from(hash, "hex") }));
  const range = { clean: true as const, begin, end, subtrees: hashes };
  return [key, { kind: "verify", range, findings: findings as unknown as Finding[] }];
}
