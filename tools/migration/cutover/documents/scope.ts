import type { Deviation } from "../journal/record.ts";
import type { Phase } from "../plan/plan.ts";
import { checksNamed } from "../plan/sets.ts";
import { outcomeLine } from "./change-pack.ts";
import { code, plain } from "./markdown.ts";
import { listOf, rowsOf, textOf } from "./pack-change.ts";
import { nameOf, resultText, runKeys } from "./result-text.ts";
import { ofType, type ResultView, type RunView } from "./run-view.ts";

/** The scope of the loop that a run is, and once it has ended its closeout: a pure function of plan and journal. */
export function loopScope(view: RunView): string {
  const { title } = view.plan;
  const parts = [
    frontMatter(view),
    `# LOOP: ${plain(title)}`,
    `## Objective\n\n${plain(textOf(view, "objective") ?? view.plan.change.what ?? title)}`,
    `## Phases\n\n${phaseLines(view)}`,
    `## Done Definition\n\n${doneLines(view)}`,
    `## Baseline Receipts\n\n${receiptLines(view, baselineOf(view))}`,
    `## Closeout\n\n${closeout(view)}`,
  ];
  return `${parts.join("\n\n")}\n`;
}

/** YAML: every value is a JSON string, which YAML reads as it is. */
function frontMatter(view: RunView): string {
  const { plan, end } = view;
  const repos = listOf(view, "repos").map((repo) => `  - ${JSON.stringify(repo)}`);
  const lines = [
    `loop_id: ${JSON.stringify(plan.id)}`,
    `status: ${isClosed(view) ? "closed" : "open"}`,
    ...(isClosed(view) && end !== undefined ? [`closed: ${end.at.slice(0, 10)}`] : []),
    `opened: ${plan.front.opened ?? view.startedAt?.slice(0, 10) ?? "null"}`,
    `owner: ${JSON.stringify(plan.owner)}`,
    `scope: ${JSON.stringify(plan.front.scope ?? plan.change.what ?? plan.title)}`,
    ...(repos.length === 0 ? ["repos: []"] : ["repos:", ...repos]),
  ];
  return `---\n${lines.join("\n")}\n---`;
}

/** A loop is closed by a run that may be closed. */
function isClosed({ end }: RunView): boolean {
  return end?.closable === true;
}

/** The phases; the one for a rollback comes behind the last that has something to take back. */
function phaseLines(view: RunView): string {
  const { phases } = view.plan;
  const last = phases.findLastIndex((phase) => phase.undo.length > 0 || phase.steps.some(hasUndo));
  const lines = phases.map((phase) => phaseLine(view, phase));
  return lines
    .toSpliced(last + 1, 0, rollbackLine(view))
    .map((line, at) => `${at + 1}. ${line}`)
    .join("\n");
}

function hasUndo(step: Phase["steps"][number]): boolean {
  return !("use" in step) && step.undo.kind !== "none";
}

function rollbackLine(view: RunView): string {
  const started = ofType(view.records, "rollback.start");
  const ended = ofType(view.records, "rollback.end");
  const states = started.map(({ seq, data }) => {
    const end = ended.find((one) => one.seq > seq);
    return `${plain(data.scope)} ${end?.data.result ?? "begun"} (record ${end?.seq ?? seq})`;
  });
  const none = view.end === undefined ? "not begun" : "not needed";
  return `**Rollback (if needed)**: ${states.length === 0 ? none : states.join(", ")}`;
}

function phaseLine(view: RunView, phase: Phase): string {
  const ended = ofType(view.records, "phase.end").findLast(({ step }) => step === phase.id);
  const started = ofType(view.records, "phase.start").some(({ step }) => step === phase.id);
  const state = ended?.data.result ?? (started ? "begun" : "not begun");
  const keys = Object.values(ended?.data.harvested ?? {}).flat();
  const gate = phase.gate === undefined ? "" : ` (${plain(phase.gate)})`;
  const notes = keys.length === 0 ? "" : `; run keys ${keys.map(code).join(", ")}`;
  return `**${plain(phase.title)}**${gate}: ${state}${notes}`;
}

/** Each thing that had to hold at the end, with the record that shows it. */
function doneLines(view: RunView): string {
  const { checks, noRollback } = view.plan.done;
  const named = checks.flatMap((name) => view.plan.sets.get(name) ?? [name]);
  const lines = named.map((name) => {
    const result = view.results.findLast(({ id, place }) => id === name && place === "done");
    const state = result === undefined ? "not asked" : `${resultText(view, result)} (record ${result.seq})`;
    return `- [${result?.verdict === "PASS" ? "x" : " "}] ${plain(name)}: ${state}`;
  });
  const undos = ofType(view.records, "undo.end").length;
  const undoState = view.end === undefined ? "not known yet" : undos === 0 ? "none ran" : `${undos} ran`;
  const rollback = `- [${view.end !== undefined && undos === 0 ? "x" : " "}] No rollback actions taken: ${undoState}`;
  const outcome = `- [${isClosed(view) ? "x" : " "}] Succeeded, or rolled back with the service restored: ${outcomeLine(view)}`;
  const broken = view.receiptProblems.map(plain);
  const keys = `- [${broken.length === 0 ? "x" : " "}] Each receipt names its run key${broken.length === 0 ? "" : `: ${broken.join("; ")}`}`;
  const receipts = view.plan.runKeys === undefined ? [] : [keys];
  return [...lines, ...(noRollback ? [rollback] : []), ...receipts, outcome].join("\n");
}

/** Checks of the first phase: what was true before anything was touched. */
function baselineOf(view: RunView): readonly ResultView[] {
  return resultsIn(view, view.plan.phases[0]?.id);
}

/** Checks of the last phase that has any, and those the end of the run asked; and whether the baseline still holds. */
function recertLines(view: RunView): string {
  const phases = view.plan.phases.slice(1);
  const last = phases.findLast((phase) => phase.checkpoint.length > 0 || phase.steps.some((step) => "use" in step));
  const asked = view.results.filter(({ place }) => place === "done" || place === "restored");
  const found = [...resultsIn(view, last?.id).filter(({ place }) => place !== "baseline"), ...asked];
  return [receiptLines(view, found), ...compareLine(view)].join("\n");
}

/** The last comparison with what was true before (G09, 001-10). */
function compareLine(view: RunView): readonly string[] {
  const compared = ofType(view.records, "compare").at(-1);
  if (compared === undefined) return [];
  const found = compared.data.differences.map(
    ({ check, item, expected, got }) => `${check}${item === null ? "" : ` ${item}`} was ${expected}, is ${got}`,
  );
  const what = found.length === 0 ? "no differences" : plain(found.join("; "));
  return [`- Compared with the baseline: ${what} (record ${compared.seq})`];
}

function resultsIn(view: RunView, phase: string | undefined): readonly ResultView[] {
  const found = view.results.filter(({ within, place }) => within === phase && place !== "undo");
  // The last answer counts where a check was asked again.
  return found.filter((one) => found.findLast(({ id }) => id === one.id) === one);
}

/** `<check>: <run key> - <result>`, and the digest of each output. */
function receiptLines(view: RunView, results: readonly ResultView[]): string {
  if (results.length === 0) return "None: nothing was checked there.";
  return results.map((result) => receiptLine(view, result)).join("\n");
}

function receiptLine(view: RunView, result: ResultView): string {
  const keys = runKeys(result.receipts).map(code);
  const named = [...keys, `record ${result.seq}`].join(", ");
  const outputs = result.receipts.flatMap(({ out }) => (out === null ? [] : [code(`sha256:${out.sha256}`)]));
  const digests = outputs.length === 0 ? "" : `; output ${outputs.join(", ")}`;
  return `- ${plain(result.id)}: ${named} - ${resultText(view, result)}${digests}`;
}

function closeout(view: RunView): string {
  const parts = [
    ["Outcome", `Run ${code(view.run)}: **${outcomeLine(view)}**. ${rollbackSentence(view)}`.trim()],
    ["Execution Summary", summary(view)],
    ["Post-Cutover State", services(view)],
    ["Recert Receipts", recertLines(view)],
    ["Final Commit Hashes", commits(view)],
  ];
  return parts.map(([name, text]) => `### ${name}\n\n${text}`).join("\n\n");
}

function rollbackSentence(view: RunView): string {
  if (view.end === undefined) return "";
  const undos = ofType(view.records, "undo.end").length;
  const started = ofType(view.records, "rollback.start").length;
  return started === 0 ? "No rollback was needed." : `${started} rollbacks began, ${undos} undos ran.`;
}

/** Phases, rollbacks, and everything that was not as planned: adaptations, deviations, stops, holds. */
function summary(view: RunView): string {
  const phases = ofType(view.records, "phase.end").map(({ step, seq, data }) => {
    const phase = view.plan.phases.find(({ id }) => id === step);
    return `**${plain(phase?.title ?? step ?? "")}**: ${data.result} (record ${seq})`;
  });
  const adaptations = listOf(view, "adaptations").map((text) => `**Adaptation**: ${plain(text)}`);
  const rest = view.records.flatMap((record): readonly string[] => {
    const where = `(record ${record.seq})`;
    if (record.type === "deviation") return [`${deviationLine(record.data)} ${where}`];
    if (record.type === "stop.fire") {
      return [
        `**Stop ${plain(record.step ?? "")}**: ${record.data.action}${record.data.acted ? "" : ", recorded only"} ${where}`,
      ];
    }
    if (record.type === "hold") return [`**Hold**: ${plain(record.data.reason)} ${where}`];
    if (record.type === "takeover") return [`**Take-over** from ${plain(record.data.from)} ${where}`];
    if (record.type !== "rollback.end") return [];
    return [`**Rollback of ${plain(record.data.scope)}**: ${record.data.result} ${where}`];
  });
  const told = listOf(view, "summary").map((name) => {
    const result = view.results.findLast(({ id, place }) => id === name && place !== "baseline");
    return `**${nameOf(view, name)}**: ${result === undefined ? "not run" : `${resultText(view, result)} (record ${result.seq})`}`;
  });
  const lines = [...told, ...adaptations, ...phases, ...rest];
  return lines.length === 0 ? "None: nothing was done yet." : lines.map((line, at) => `${at + 1}. ${line}`).join("\n");
}

/** What was not as planned, the commit that it explains (X24), and who answers for it. */
function deviationLine({ text, repo, commit, sign }: Deviation): string {
  const place = repo === null || repo === "." ? "this project" : plain(repo);
  const of = commit === null ? "" : ` (commit ${code(commit)} of ${place})`;
  const who = sign === null ? "" : `, signed by ${plain(sign.role)} ${plain(sign.name)}`;
  return `**Deviation**${of}: ${plain(text)}${who}`;
}

/** One line for each image with the last answer of the check that `check` names; else of each check of `pack.post`. */
function services(view: RunView): string {
  const after = view.results.filter(({ seq, place }) => seq > view.firstChange && place !== "undo");
  const images = rowsOf(view, "images");
  const named = images.map((image) => image["check"] ?? image["module"] ?? "");
  const checks = images.length > 0 ? named : listOf(view, "post").flatMap((name) => checksNamed(view.plan, name));
  const lines = checks.map((check, at) => {
    const result = after.findLast(({ id }) => id === check);
    const image = images[at];
    const first = image?.["first"] === "true" ? " (first deploy)" : "";
    const what = image === undefined ? "" : `, image ${code(image["image"] ?? "")}${first}`;
    return `- ${plain(check)}: ${result === undefined ? "not checked after the change" : resultText(view, result)}${what}`;
  });
  const smoke = after.findLast(({ receipts }) => receipts.some(({ saved }) => Object.keys(saved).some(isCount)));
  const counted = smoke === undefined ? [] : [`- ${plain(smoke.id)}: ${resultText(view, smoke)}`];
  const all = [...lines, ...counted];
  return all.length === 0 ? "None: the plan names no service to look at." : all.join("\n");
}

function isCount(name: string): boolean {
  return /(^|_)passed$/.test(name);
}

/** Heads that the run saw, and the commits that a seal added: a document cannot hold its own. */
function commits(view: RunView): string {
  const heads = ofType(view.records, "heads").flatMap(({ seq, data }) =>
    Object.entries(data.heads).map(
      ([repo, hash]) =>
        `${repo === "." ? "this project" : plain(repo)}: ${code(hash)} at ${plain(data.moment)} (record ${seq})`,
    ),
  );
  const sealed = ofType(view.records, "seal").flatMap(({ seq, data }) =>
    Object.entries(data.commits).map(([repo, hash]) => `${plain(repo)}: ${code(hash)}, sealed (record ${seq})`),
  );
  const open = sealed.length > 0 ? [] : ["The commit that holds this document is added by `seal`."];
  const head = `Journal head: record ${view.head.seq}, ${code(view.head.hash)}`;
  return [...heads, ...sealed, ...open, head].map((line) => `- ${line}`).join("\n");
}
