import { chmodSync, existsSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JournalRecord } from "../../tools/migration/cutover/journal/record.ts";
import { type Asked, approve, type Said, type Script, type Stage } from "./play.ts";
import type { Practice } from "./practice.ts";

/** Which way a plan is played in the crash matrix: to its end, or to its end and back. */
export type CrashWay = "forward" | "back";

/** How each plan is played, so that a driver that takes over half-way meets the same world and the same people. */
export const CRASH_PLAYS: Readonly<Record<Practice["plan"], Readonly<Record<CrashWay, Script>>>> = {
  station56: {
    forward: {},
    back: { onRecord: (record, stage) => isDone(record, "pointer") && once(stage, () => damageLive(stage)) },
  },
  "mint-rank5plus": {
    forward: {},
    back: {
      onRecord: (record, stage) => {
        if (isDone(record, "tunnel-apply"))
          once(stage, () => stage.practice.estate.fault("ops-verify.core.run", "fail"));
      },
      answer: (asked) =>
        asked.choices.includes("rollback") && asked.about.startsWith("infra-migration")
          ? { say: "rollback" }
          : approve(asked),
    },
  },
  "mint-prod-cutover": {
    forward: { answer: operator },
    back: {
      answer: operator,
      onRecord: (record, stage) => {
        if (isDone(record, "e2e")) once(stage, () => stage.practice.estate.mode("order-intake", "fail"));
      },
    },
  },
  step22: {
    forward: {},
    back: {
      onRecord: (record, stage) => {
        const isOver = record.type === "tick" && record.step === "T0";
        if (isOver) once(stage, () => stage.practice.estate.mode("api", "down"));
      },
    },
  },
};

/** True for the end of a step that was done, seen by a driver or by a person; a try that never began ends too. */
function isDone(record: JournalRecord, step: string): boolean {
  if (record.type === "sign") return record.data.about === step && record.data.say === "done";
  return record.type === "step.end" && record.step === step && record.data.result === "done";
}

/** The world changes once, whichever driver sees the moment. */
function once({ practice: { estate } }: Stage, change: () => void): void {
  if (existsSync(join(estate.dir, "state/changed"))) return;
  change();
  estate.write("changed", "");
}

/** One byte of one dog, in what is live now. */
function damageLive({ practice }: Stage): void {
  const file = join(practice.estate.project, readLive(practice), "hunde/data.jsonl");
  chmodSync(file, 0o644);
  writeFileSync(file, "X", { flag: "r+" });
  chmodSync(file, 0o444);
}

function readLive({ estate }: Practice): string {
  return join("storage", readlinkSync(join(estate.project, "storage/current")));
}

/** Does what the plan asks before saying so, and looks at the world where the tool cannot know. */
function operator(asked: Asked, { practice: { estate } }: Stage): Said | undefined {
  if (asked.about === "env") estate.run("docker-host", "echo MINIO_URL=x > mint-modules-prod/.env.prod");
  if (asked.about !== "e2e" || !asked.reason.startsWith("nobody knows")) return approve(asked);
  const at = estate.effects().indexOf("docker-host: seed made");
  return at < 0 ? { say: "again" } : { say: "done", fields: { seed_id: `seed-${at + 1}` } };
}
