import { readFileSync } from "node:fs";
import { join } from "node:path";
import { sha256Hex } from "../../integrity/digest.ts";
import { systemCode } from "../../model/errors.ts";
import { toStoreError, writeFileAtomic } from "../../stores/atomic-file.ts";
import type { RunDirectory } from "./run-directory.ts";

/** Makes this the plan of a run: the file, and its digest beside it. */
export function writePlan(run: RunDirectory, text: string): void {
  writeFileAtomic(run.plan, text, { mode: 0o600 });
  writeFileAtomic(run.planDigest, `${sha256Hex(text)}\n`, { mode: 0o600 });
}

/** Keeps a plan under its digest: every plan that a run ever had stays in its folder. */
export function keepPlan(run: RunDirectory, text: string): void {
  writeFileAtomic(keptPlan(run, sha256Hex(text)), text, { mode: 0o600 });
}

/** The plan that rules a run, and the one before it; `before` is undefined unless somebody signed for a change. */
export interface RulingPlan {
  readonly sha256: string;
  readonly before: string | undefined;
}

/**
 * The bytes of the plan that rules: `plan.yaml`, or where a driver was killed between signature and file, the copy that
 * was kept. Undefined where `plan.yaml` is anything else: nobody signed for that.
 */
export function readRulingPlan(run: RunDirectory, { sha256, before }: RulingPlan): Buffer | undefined {
  const bytes = bytesOf(run.plan);
  const digest = bytes === undefined ? undefined : sha256Hex(bytes);
  if (digest === sha256) return bytes;
  return digest !== undefined && digest === before ? readKeptPlan(run, sha256) : undefined;
}

/** The bytes of a plan that a run has or had, by its digest; undefined where the folder does not hold them. */
export function readKeptPlan(run: RunDirectory, sha256: string): Buffer | undefined {
  return [run.plan, keptPlan(run, sha256)]
    .map(bytesOf)
    .find((bytes) => bytes !== undefined && sha256Hex(bytes) === sha256);
}

function keptPlan(run: RunDirectory, sha256: string): string {
  return join(run.path, `plan.${sha256.slice(0, 16)}.yaml`);
}

function bytesOf(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw toStoreError(error, "Reading the plan of the run");
  }
}
