import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { JournalRecord } from "../../tools/migration/cutover/journal/record.ts";
import { once } from "../estate/claims.ts";
import type { Estate } from "../estate/estate.ts";
import { approve, type Script, type Stage } from "../estate/play.ts";

/** Something that is wrong in the world until the run has held for it once. */
export interface Trouble {
  /** What the run must hold for: a step, `phase/check`, `stop:id`, `done`. */
  readonly subject: string;
  /** When it begins; at the start where it does not say. */
  readonly from?: (record: JournalRecord) => boolean;
  readonly lay: (estate: Estate) => void;
  readonly mend: (estate: Estate) => void;
}

/** A state file that says something else for a while. */
export function stateTrouble(subject: string, name: string, text: string, from?: Trouble["from"]): Trouble {
  let before: string | undefined;
  const path = (estate: Estate): string => join(estate.dir, "state", name);
  return {
    subject,
    ...(from === undefined ? {} : { from }),
    lay: (estate) => {
      before = existsSync(path(estate)) ? readFileSync(path(estate), "utf8") : undefined;
      estate.write(name, text);
    },
    mend: (estate) => (before === undefined ? rmSync(path(estate), { force: true }) : estate.write(name, before)),
  };
}

/** The begin of a phase. */
export function begins(phase: string): (record: JournalRecord) => boolean {
  return (record) => record.type === "phase.start" && record.step === phase;
}

/** Any record about this step or check. */
export function about(step: string, type: JournalRecord["type"]): (record: JournalRecord) => boolean {
  return (record) => record.type === type && record.step === step;
}

/** People who mend what a HOLD is about, and have it tried again. What nobody knows of ends the run. */
export function mendEach(troubles: readonly Trouble[], usual: NonNullable<Script["answer"]> = approve): Script {
  const starts = troubles.map((trouble) => ({ trouble, is: once(trouble.from ?? (() => true)) }));
  const mended = new Set<string>();
  const mend = (subject: string, stage: Stage): boolean => {
    const trouble = troubles.find((one) => one.subject === subject.replace(/\[.*\]$/s, "") && !mended.has(one.subject));
    if (trouble === undefined) return false;
    mended.add(trouble.subject);
    trouble.mend(stage.practice.estate);
    return true;
  };
  return {
    onRecord: (record, { practice: { estate } }) => {
      for (const { trouble, is } of starts) if (is(record)) trouble.lay(estate);
    },
    answer: (asked, stage) => {
      const usually = usual(asked, stage);
      if (usually !== undefined) return usually;
      const say = ["again", "go"].find((choice) => asked.choices.includes(choice));
      if (say === undefined) return undefined;
      return mend(asked.about, stage) ? { say, afterMs: 5000 } : { say: "abort", reason: asked.reason };
    },
    onHold: (_reason, stage) => mend(stage.run.state.hold?.subject ?? "", stage),
  };
}
