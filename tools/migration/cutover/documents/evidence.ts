import type { Receipt } from "../journal/record.ts";
import { plain, visible } from "./markdown.ts";
import { principalOf } from "./pack-closing.ts";
import { ofType, type RunView } from "./run-view.ts";

/** The lines of an evidence package and where each comes from, where a plan does not say otherwise. */
const PACKAGE: readonly (readonly [string, string])[] = [
  ["Cutover ticket ID", "ticket"],
  ["Environment", "env"],
  ["Operator", "operator"],
  ["Gate results (G1-G5)", "gates"],
  ["T-60 evidence", "T-60"],
  ["T-30 evidence", "T-30"],
  ["T-10 decision", "T-10"],
  ["T0 execution reference", "T0"],
  ["T+10 verification", "T+10"],
  ["T+30 closure decision", "T+30"],
  ["Rollback trigger (if any)", "stop"],
];

/** The evidence package: one line each, in order, none left out; plain text, a pure function of plan and journal. */
export function evidencePackage(view: RunView): string {
  const given = view.plan.pack["package"];
  const listed = typeof given === "object" && given !== null ? Object.entries(given) : [];
  const lines = listed.length > 0 ? listed.map(([name, source]) => [name, String(source)] as const) : PACKAGE;
  return lines.map(([name, source]) => `${visible(name)}: ${visible(lineOf(view, source))}\n`).join("");
}

/** The sign-off checklist: a box is ticked once everything that its role owns has passed. */
export function signOffChecklist(view: RunView): string {
  const given = view.plan.pack["checklist"];
  const lines = Array.isArray(given) ? given.map(String) : [...view.plan.roles.keys()].map((role) => `${role}: signed`);
  return lines
    .map((line) => {
      const at = line.indexOf(":");
      const role = line.slice(0, at < 0 ? line.length : at).trim();
      const { isDone, evidence } = dutiesOf(view, role);
      const shown = evidence.length === 0 ? "nothing yet" : evidence.join(", ");
      return `- [${isDone ? "x" : " "}] ${plain(line)} (${plain(principalOf(view, role) || "nobody named")}; ${shown})\n`;
    })
    .join("");
}

function lineOf(view: RunView, source: string): string {
  if (source === "env") return view.plan.env ?? "not named";
  if (source === "gates") return gatesLine(view);
  if (source === "stop") return stopLine(view);
  if (source === "ticket") return fieldsLine(view, /ticket/i) ?? "none was given";
  if (/^T(0|[+-])/.test(source)) return tickLine(view, source);
  if (view.plan.roles.has(source)) return principalOf(view, source) || "nobody named";
  const step = view.results.findLast(({ id }) => id === source);
  if (step === undefined) return "not run";
  return `${valuesText(step.receipts) || step.verdict} (record ${step.seq})`;
}

function gatesLine(view: RunView): string {
  const names = [...view.plan.gates.keys()];
  if (names.length === 0) return "this plan has no gates";
  return names
    .map((name) => {
      const gate = view.gates.get(name);
      return gate === undefined ? `${name} not evaluated` : `${name} ${gate.verdict} (record ${gate.seq})`;
    })
    .join(", ");
}

/** Fired triggers, and what came of the rollback. */
function stopLine(view: RunView): string {
  const fired = ofType(view.records, "stop.fire").map(({ step, seq, at, data }) => {
    const who = data.sign === null ? "" : ` by ${data.sign.role} ${data.sign.name}: ${data.sign.reason || "no reason"}`;
    return `${step}, ${data.action}${who} at ${at}${data.acted ? "" : ", recorded only"} (record ${seq})`;
  });
  const back = ofType(view.records, "rollback.end").map(({ seq, data }) => `rollback ${data.result} (record ${seq})`);
  const started = ofType(view.records, "rollback.start").map(({ seq, data }) => `${data.cause} (record ${seq})`);
  const all = fired.length > 0 ? [...fired, ...back] : [...started, ...back];
  return all.length === 0 ? "none" : all.join("; ");
}

function tickLine(view: RunView, label: string): string {
  const tick = view.ticks.get(label);
  const asked = view.plan.timeline.find((one) => one.label === label);
  if (tick === undefined) return asked === undefined ? "not in this plan" : "not reached";
  const decision = tick.decision === null ? [] : [tick.decision];
  const signed = view.signs.filter(({ sign }) => sign.about === label || sign.about === asked?.decision?.name);
  const who = signed.map(({ sign, seq }) => `${sign.role} ${sign.name} ${sign.say} (record ${seq})`);
  const all = view.results.filter((one) => one.within === label || asked?.phases.includes(one.within) === true);
  // The last answer counts where a check was asked again, to be compared.
  const within = all.filter((one) => all.findLast(({ id }) => id === one.id) === one);
  const gates = ofType(view.records, "gate").filter(
    ({ step, seq }) => asked?.gates.includes(step ?? "") && seq < tick.seq,
  );
  const last = gates.filter((one) => gates.findLast(({ step }) => step === one.step) === one);
  const passed = last.map(({ step, seq, data }) => `${step} ${data.verdict} (record ${seq})`);
  const facts = within.map((one) => `${one.id} ${valuesText(one.receipts) || one.verdict} (record ${one.seq})`);
  const late = tick.late ? ["late"] : [];
  const words = [...decision, tick.verdict, ...late, ...who, ...passed, ...facts];
  return `${words.join(", ")}; ${tick.evidence ?? "evidence"}: record ${tick.seq} at ${tick.at}`;
}

function fieldsLine(view: RunView, name: RegExp): string | undefined {
  const saved = view.results.flatMap(({ receipts }) => receipts.flatMap((one) => Object.entries(one.saved)));
  const signed = view.signs.flatMap(({ sign }) => Object.entries(sign.fields));
  return [...saved, ...signed].findLast(([key]) => name.test(key))?.[1];
}

function valuesText(receipts: readonly Receipt[]): string {
  return receipts.flatMap(({ saved }) => Object.entries(saved).map(([name, value]) => `${name}=${value}`)).join(" ");
}

interface Duties {
  readonly isDone: boolean;
  readonly evidence: readonly string[];
}

/** Gates and ticks that a role owns; all of them must have passed, and a tick that asks for a decision must have its. */
function dutiesOf(view: RunView, role: string): Duties {
  const { gates, timeline } = view.plan;
  const owned = [...gates.values()]
    .filter(({ by }) => by.includes(role))
    .map(({ id }) => ({ id, is: view.gates.get(id) }));
  const ticks = timeline
    .filter(({ by }) => by.includes(role))
    .map(({ label }) => ({ id: label, is: view.ticks.get(label) }));
  const signed = view.signs.filter(({ sign }) => sign.role === role);
  const duties = [...owned, ...ticks];
  const evidence = duties.flatMap(({ id, is }) => (is === undefined ? [] : [`${id} ${is.verdict} record ${is.seq}`]));
  const asked = timeline.filter(({ by, decision }) => by.includes(role) && decision !== undefined);
  const decided = asked.every(({ label, decision }) =>
    signed.some(({ sign }) => sign.about === label || sign.about === decision?.name),
  );
  const signs = signed.map(({ sign, seq }) => `${sign.say} record ${seq}`);
  const hasAny = duties.length + signed.length > 0;
  return {
    isDone: hasAny && decided && duties.every(({ is }) => is?.verdict === "PASS"),
    evidence: [...evidence, ...signs],
  };
}
