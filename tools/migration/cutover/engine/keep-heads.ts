import { repositoryHeads } from "./repository-heads.ts";
import type { Run } from "./run.ts";

/** Writes down which commit each repository is at (X24); nothing where there is none. */
export function keepHeads(run: Run, moment: string): void {
  const heads = repositoryHeads(run.parts.root, run.plan);
  if (Object.keys(heads).length > 0) run.record({ type: "heads", step: null, attempt: null, data: { moment, heads } });
}
