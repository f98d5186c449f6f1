import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Test } from "tap";

/** Which generation is whole at v1 and at `.previous`, each told by its label. */
export interface CandidateState {
  readonly candidate?: string;
  readonly previous?: string;
}

const FILES = ["first", join("inner", "last")];

/** Makes `dir` hold just the generations of `state`. */
export function makeState(dir: string, state: CandidateState): void {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { mode: 0o700 });
  if (state.candidate !== undefined) makeGeneration(join(dir, "v1"), state.candidate);
  if (state.previous !== undefined) makeGeneration(join(dir, ".previous"), state.previous);
}

/** Reads what is there and asserts that each generation is whole. */
export function readState(t: Test, dir: string, when: string): CandidateState {
  const candidate = readGeneration(t, join(dir, "v1"), when);
  const previous = readGeneration(t, join(dir, ".previous"), when);
  return { ...(candidate === undefined ? {} : { candidate }), ...(previous === undefined ? {} : { previous }) };
}

/** Writes a generation whose files all hold `label`. */
export function makeGeneration(path: string, label: string): void {
  mkdirSync(join(path, "inner"), { recursive: true });
  for (const file of FILES) writeFileSync(join(path, file), label);
}

function readGeneration(t: Test, path: string, when: string): string | undefined {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
  const names = readdirSync(path, { recursive: true }).map(String).sort();
  t.strictSame(names, ["first", "inner", join("inner", "last")], `${when}: whole`);
  const labels = new Set(FILES.map((file) => readFileSync(join(path, file), "utf8")));
  t.equal(labels.size, 1, `${when}: of one generation`);
  return [...labels][0];
}
