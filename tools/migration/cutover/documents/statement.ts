import { sha256Hex } from "../../integrity/digest.ts";
import type { JsonObject } from "../../model/json.ts";
import { runReport } from "./report.ts";
import { ofType, type RunView } from "./run-view.ts";

/** Name of the signed statement in the `docs` of a run. */
export const STATEMENT_FILE = "statement.dsse.json";
/** Name of the same statement without a signature, where no key was given. */
export const UNSIGNED_FILE = "statement.json";

/**
 * An in-toto Statement v1 about a run (FORMATS.md): its plan and its documents by digest, the head of its journal, and
 * what came of it. `files` maps a path in the run to its content.
 */
export function runStatement(view: RunView, files: ReadonlyMap<string, string>): JsonObject {
  const subjects = [...files].map(([name, content]) => ({ name, digest: { sha256: sha256Hex(content) } }));
  const { counts, outcome, complete, closable } = runReport(view);
  const commits = ofType(view.records, "seal").flatMap(({ data }) => Object.entries(data.commits));
  const flips = ofType(view.records, "flip").map(({ data: { pointer, from, to, root } }) => ({
    pointer,
    from,
    to,
    root,
  }));
  return {
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ name: "plan.yaml", digest: { sha256: view.plan.digest } }, ...subjects],
    predicateType: "urn:candor:cutover:1",
    predicate: {
      run: view.run,
      plan: view.plan.id,
      head: { seq: view.head.seq, hash: view.head.hash },
      outcome,
      complete,
      closable,
      counts,
      flips,
      commits: Object.fromEntries(commits),
      start: view.startedAt ?? null,
      end: view.end?.at ?? null,
    },
  };
}
