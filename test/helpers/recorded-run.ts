import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Journal } from "../../tools/migration/cutover/journal/journal.ts";
import { createMask, type Mask } from "../../tools/migration/cutover/journal/mask.ts";
import { digestOutput } from "../../tools/migration/cutover/journal/output-digest.ts";
import type {
  CheckPlace,
  CutoverRecord,
  ExpectationResult,
  JournalRecord,
  Receipt,
  ResolvedUndo,
  RunOutcome,
  Signature,
  StepResult,
  Verdict,
} from "../../tools/migration/cutover/journal/record.ts";
import {
  attemptFolder,
  createRunDirectory,
  type RunDirectory,
} from "../../tools/migration/cutover/journal/run-directory.ts";
import type { Verb } from "../../tools/migration/cutover/plan/action.ts";
import { parsePlanText } from "../../tools/migration/cutover/plan/load-plan.ts";
import type { Plan } from "../../tools/migration/cutover/plan/plan.ts";
import type { Clock } from "../../tools/migration/cutover/time/clock.ts";

/** What a test says of one command; the rest is as usual. */
export interface Said extends Partial<Omit<Receipt, "out" | "err">> {
  readonly out?: string;
  /** Parts of a JSON answer: pointer to the value as JSON. */
  readonly json?: Readonly<Record<string, string>>;
}

/** Writes the journal of a run as a driver would, without running anything. */
export class RecordedRun {
  readonly root: string;
  readonly run: RunDirectory;
  readonly plan: Plan;
  readonly journal: Journal;
  readonly #mask: Mask;
  #seconds = 0;
  #number = 0;

  constructor(
    root: string,
    planFile: string,
    options: { vars?: Record<string, string>; secrets?: Record<string, string | null> } = {},
  ) {
    const text = readFileSync(planFile, "utf8");
    this.root = root;
    this.run = createRunDirectory(root, "run-1");
    this.plan = parsePlanText(text, planFile);
    writeFileSync(this.run.plan, text);
    const given = Object.entries(options.secrets ?? {}).filter((entry): entry is [string, string] => entry[1] !== null);
    this.#mask = createMask(new Map(given));
    // Two seconds from record to record.
    const clock: Clock = {
      monoMs: () => this.#seconds * 1000,
      wall: () => {
        this.#seconds += 2;
        return new Date(Date.UTC(2026, 1, 12, 1, 15) + this.#seconds * 1000);
      },
      sleep: async () => {},
      during: (work) => work,
    };
    this.journal = new Journal(this.run, { clock, mask: this.#mask, ballastBytes: 0 });
    const vars = Object.fromEntries([...this.plan.vars].map(([name, { value }]) => [name, value ?? ""]));
    const secrets = Object.fromEntries(
      Object.entries(options.secrets ?? {}).map(([name, value]) => [name, value === null ? null : "0".repeat(64)]),
    );
    this.#add("run.start", null, {
      plan: this.plan.id,
      title: this.plan.title,
      planSha256: this.plan.digest,
      driver: "0.1.0",
      roles: Object.fromEntries([...this.plan.roles].map(([role, names]) => [role, names])),
      vars: { ...vars, ...options.vars },
      secrets,
      notes: [],
    });
    this.#add("lock", null, { fence: 1, pid: 1, tookOver: null });
  }

  /** A check that was asked; PASS unless told. */
  check(id: string, within: string, said: Said = {}, place: CheckPlace = "step"): void {
    const receipt = this.#receipt(id, said);
    this.#add("check", id, { place, within, say: null, verdict: receipt.verdict, receipts: [receipt] });
  }

  /** A check that was asked once for each item. */
  each(id: string, within: string, saids: readonly Said[], place: CheckPlace = "step"): void {
    const receipts = saids.map((said) => this.#receipt(id, said));
    this.#add("check", id, { place, within, say: null, verdict: "PASS", receipts });
  }

  /** A step that was run; done unless told. */
  step(id: string, phase: string, said: Said & { result?: StepResult | null; reason?: string } = {}): void {
    const plan = this.plan.phases.flatMap((one) => one.steps).find((one) => !("use" in one) && one.id === id);
    if (plan === undefined || "use" in plan) throw new Error(`no step ${id}`);
    const { verb } = plan;
    const text = textOf(verb);
    const on = "on" in verb ? (verb.on ?? null) : null;
    const undo: ResolvedUndo =
      plan.undo.kind === "actions"
        ? { none: null, actions: plan.undo.actions.map((one) => resolved(one)) }
        : { none: plan.undo.kind === "none" ? plan.undo.reason : "its own", actions: [] };
    this.#number += 1;
    const number = this.#number;
    const head = {
      phase,
      number,
      say: plan.options.say ?? null,
      verb: verb.kind,
      text,
      on,
      item: said.item ?? null,
      timeoutMs: 1000,
    };
    this.#add("step.intent", id, { ...head, undo, preImage: null, files: [] });
    if (said.result === null) return;
    const receipt = this.#receipt(id, { text, on, ...said });
    this.#add("step.end", id, { result: said.result ?? "done", reason: said.reason ?? null, receipts: [receipt] });
  }

  /** An undo of a step. */
  undo(of: string, result: StepResult = "done"): void {
    this.#add("undo.end", `${of}.undo.1`, { of, result, reason: null, receipts: [this.#receipt(of, {})] });
  }

  sign(about: string, role: string, say: string, more: Partial<Signature> = {}): void {
    const head = this.journal.head.hash;
    this.#add("sign", about, {
      about,
      role,
      name: `@${role}`,
      via: null,
      say,
      reason: null,
      fields: {},
      head,
      ...more,
    });
  }

  phase(id: string, result: "passed" | "failed" | "rolled-back" = "passed", keys: readonly string[] = []): void {
    this.#add("phase.end", id, { result, harvested: { run_key: keys } });
  }

  end(outcome: RunOutcome, more: { complete?: boolean; closable?: boolean; downtimeMs?: number | null } = {}): void {
    const { complete = outcome === "SUCCEEDED", closable = complete, downtimeMs = null } = more;
    this.#add("run.end", null, { outcome, complete, closable, reason: null, downtimeMs });
    this.journal.close();
  }

  /** A record of any type. */
  add(record: CutoverRecord): JournalRecord {
    return this.journal.append(record);
  }

  #add<Type extends CutoverRecord["type"]>(
    type: Type,
    step: string | null,
    data: Extract<CutoverRecord, { type: Type }>["data"],
  ): void {
    // Type and data belong together by the signature.
    this.journal.append({ type, step, attempt: step === null ? null : 1, data } as CutoverRecord);
  }

  #receipt(id: string, said: Said): Receipt {
    const { out = "", json = {}, ...rest } = said;
    const folder = attemptFolder(++this.#number, id, 1);
    mkdirSync(join(this.run.path, folder), { recursive: true, mode: 0o700 });
    writeFileSync(join(this.run.path, folder, "out"), out, { mode: 0o600 });
    const verdict: Verdict = rest.verdict ?? "PASS";
    const expectations = Object.entries(json).map(([pointer, got]): ExpectationResult => {
      return { kind: "json", expected: `${pointer} ${got}`, got, verdict };
    });
    const check = this.plan.checks.get(id)?.verb;
    const text = check === undefined ? id : textOf(check);
    const usual = {
      verb: check?.kind ?? "sh",
      text,
      on: null,
      dir: null,
      env: [],
      item: null,
      start: "2026-02-12T01:15:00.000Z",
      end: "2026-02-12T01:15:01.000Z",
      ms: 1000,
      exit: 0,
      signal: null,
      timedOut: false,
      expectations,
      verdict,
      saved: {},
      harvested: /\bops cap run\b/.test(text) ? { run_key: [KEY(id, "011600")] } : {},
      notes: [],
      driverStart: "2026-03-14T00:00:00.000Z",
      driverEnd: "2026-03-14T00:00:00.000Z",
      recovered: false,
    };
    const { digest } = digestOutput(this.run, `${folder}/out`, { mask: this.#mask, truncated: false });
    return { ...usual, ...rest, out: digest, err: null };
  }
}

function resolved(action: Plan["phases"][number]["undo"][number]): ResolvedUndo["actions"][number] {
  const { verb, options } = action;
  const text = textOf(verb);
  const on = "on" in verb ? (verb.on ?? null) : null;
  return { verb: verb.kind, text, on, by: options.by, say: options.say ?? null, action: {} };
}

function textOf(verb: Verb): string {
  if ("command" in verb) return verb.command;
  if (verb.kind === "http") return `${verb.method} ${verb.url}`;
  if (verb.kind === "sql") return verb.statement;
  if (verb.kind === "manual") return verb.text;
  return verb.kind === "wait" ? `wait ${verb.ms} ms` : verb.kind;
}

const KEY = (name: string, time: string): string => `CAP-20260212-${time}__${name}__Rq3md83791`;
const DIGEST = (letter: string): string => `sha256:${letter.repeat(64)}`;

/** The production cutover of mint-modules, as it went: succeeded unless `blocked`, then rolled back and restored. */
export function mintRun(
  root: string,
  options: { readonly blocked?: boolean; readonly recertKeys?: readonly string[] } = {},
): RecordedRun {
  const recorded = new RecordedRun(root, "migration/cutover/mint-prod-cutover.yaml", {
    vars: { psql: "psql -tA" },
    secrets: { ORDER_INTAKE_API_KEY: null },
  });
  const spine = (time: string): Said => ({
    harvested: { run_key: [KEY("spine.verify", time)] },
    out: "result: PASS\n",
  });
  recorded.check("spine.verify", "p0-baseline", spine("011535"));
  recorded.check("ops-status", "p0-baseline", { saved: { loops: "1" } });
  recorded.check("gaps.status", "p0-baseline", { saved: { open_gaps: "0" } });
  recorded.check("authority", "p0-baseline");
  recorded.phase("p0-baseline", "passed", [KEY("spine.verify", "011535")]);
  for (const id of ["dry-run", "ssh", "networks", "old-healthy"]) recorded.check(id, "prep");
  recorded.check("docker", "prep", { saved: { docker_version: "28.2.2" }, on: "docker-host" });
  const health = (id: string, place: CheckPlace, within = "cutover"): void =>
    recorded.check(id, within, { json: { "/status": '"ok"', "/minio": '"ok"' } }, place);
  recorded.check("smoke", "prep", { saved: { smoke_passed: "6", smoke_total: "6" } });
  recorded.phase("prep");
  const steps = ["env", "source", "build", "stop-files-api", "stop-quote-page", "deploy", "settle"];
  for (const id of steps) recorded.step(id, "cutover");
  if (options.blocked === true) {
    recorded.add({
      type: "stop.fire",
      step: "health-gate",
      attempt: null,
      data: { action: "rollback", badMs: 1000, say: "Immediate rollback", sign: null, acted: true },
    });
    for (const id of ["deploy", "stop-quote-page", "stop-files-api", "env"]) recorded.undo(id);
    recorded.add({ type: "rollback.end", step: null, attempt: null, data: { scope: "run", result: "done", left: [] } });
    for (const id of recorded.plan.restored) recorded.check(id, "run", {}, "restored");
    recorded.end("ROLLED_BACK", { complete: false, closable: true, downtimeMs: 95_400 });
    return recorded;
  }
  recorded.step("migrate", "cutover");
  recorded.step("e2e", "cutover", { saved: { seed_id: "seed-1" }, json: { "/has_line_item": "true" } });
  recorded.step("e2e-read", "cutover");
  for (const id of ["files-api", "order-intake", "quote-page"]) health(id, "checkpoint");
  for (const id of ["containers", "contract-ok", "contract-bad"]) recorded.check(id, "cutover", {}, "checkpoint");
  const skipped = { smoke_passed: "6", smoke_total: "6", smoke_skipped: "2" };
  recorded.check("smoke", "cutover", { saved: skipped }, "checkpoint");
  recorded.each(
    "digests",
    "cutover",
    ["artwork", "order-intake", "quote-page"].map((item, at) => ({
      item,
      saved: { digest: DIGEST("abc"[at] ?? "d") },
    })),
    "checkpoint",
  );
  recorded.phase("cutover", "passed");
  const recert = options.recertKeys === undefined ? {} : { harvested: { run_key: options.recertKeys } };
  recorded.check("spine.verify", "recert", { ...spine("014128"), ...recert });
  recorded.check("gaps.status", "recert", { saved: { open_gaps: "0" } }, "checkpoint");
  recorded.phase("recert", "passed", [KEY("spine.verify", "014128")]);
  recorded.check("smoke", "run", { saved: skipped }, "done");
  for (const id of ["files-api", "order-intake", "quote-page"]) health(id, "done", "run");
  for (const id of ["gaps.status", "spine.verify"]) recorded.check(id, "run", {}, "done");
  recorded.sign("closeout", "operator", "go", { name: "@ronny", via: "an agent", reason: "Cutover successful" });
  recorded.end("SUCCEEDED", { downtimeMs: 83_200 });
  return recorded;
}
