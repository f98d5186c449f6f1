import type { Step } from "../plan/action.ts";
import { code, codeBlock, plain, table } from "./markdown.ts";
import { bullets, listOf, rowsOf, textOf } from "./pack-change.ts";
import { withValues } from "./result-text.ts";
import type { RunView } from "./run-view.ts";

/** One row for each signature, and one for each role that has not signed. */
export function signOff(view: RunView): string {
  const signed = view.signs.map(({ at, seq, sign }) => {
    const name = sign.via === null ? sign.name : `${sign.name} (via ${sign.via})`;
    const reason = sign.reason === null || sign.reason === "" ? "" : `: ${sign.reason}`;
    const status = `${sign.say} on ${sign.about}${reason} (record ${seq}, head ${sign.head.slice(0, 16)})`;
    return [plain(sign.role), plain(name), at.slice(0, 10), plain(status)];
  });
  const roles = new Set(view.signs.map(({ sign }) => sign.role));
  const missing = [...view.plan.roles.keys()].filter((role) => !roles.has(role));
  const open = missing.map((role) => [plain(role), plain(principalOf(view, role)), "", "not signed"]);
  return table(["Role", "Name", "Date", "Status"], [...signed, ...open]);
}

/** Who holds a role in this run, as the plan or the command line named them. */
export function principalOf(view: RunView, role: string): string {
  const given = view.start?.roles[role];
  const names = given === undefined || given === null ? (view.plan.roles.get(role) ?? []) : [given].flat();
  return names.map(String).join(", ");
}

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** Whole digests with their kind; from the plan, or from the value `digest` that a check saved for the module. */
export function imageDigests(view: RunView): string {
  const images = rowsOf(view, "images");
  if (images.length === 0) return "None: this cutover deploys no images.";
  const rows = images.map((image) => {
    const digest = digestOf(view, image["module"] ?? "") ?? image["digest"];
    const shown = digest !== undefined && DIGEST.test(digest) ? code(digest) : "not known: no whole digest was seen";
    return [plain(image["module"] ?? ""), code(image["image"] ?? ""), shown, plain(image["kind"] ?? "image id")];
  });
  return table(["Module", "Image", "Digest", "Kind"], rows);
}

function digestOf(view: RunView, module: string): string | undefined {
  const check = textOf(view, "digests") ?? "digests";
  const receipts = view.results.filter(({ id }) => id === check).flatMap((result) => result.receipts);
  return receipts.findLast(({ item }) => item === module)?.saved["digest"];
}

/** The statements that change a database, whether they ran, and the note on compatibility. */
export function migration(view: RunView): string {
  const steps = view.plan.phases.flatMap((phase) => phase.steps);
  const changes = steps.filter(
    (step): step is Step => !("use" in step) && step.verb.kind === "sql" && !step.verb.isRead,
  );
  if (changes.length === 0) return "None: no step of this plan changes a database by SQL.";
  const parts = changes.map((step) => {
    const begun = view.steps.find(({ id }) => id === step.id);
    const statement = step.verb.kind === "sql" ? step.verb.statement : "";
    const state = begun === undefined ? "not run" : (begun.end?.verdict ?? "no end seen");
    const undone = begun?.undos.some(({ verdict }) => verdict === "PASS") === true ? ", taken back" : "";
    return `${codeBlock("sql", withValues(view, statement))}\n\nStep ${plain(step.id)}: ${state}${undone}.`;
  });
  const note = textOf(view, "migration_note");
  return [...parts, ...(note === undefined ? [] : [plain(note)])].join("\n\n");
}

/** What was put off. */
export function deferredItems(view: RunView): string {
  const items = listOf(view, "deferred");
  return items.length === 0 ? "None: nothing was put off." : bullets(items);
}

/** Which documents were looked through. */
export function documentationSweep(view: RunView): string {
  const items = listOf(view, "sweep");
  return items.length === 0 ? "None: the plan names no document to look through." : bullets(items);
}
