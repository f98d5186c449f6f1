import { chmodSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JournalRecord } from "../../tools/migration/cutover/journal/record.ts";
import { count, ends, failing, once } from "./claims.ts";
import type { Stage } from "./play.ts";
import type { Practice } from "./practice.ts";
import type { Scenario } from "./scenarios.ts";

/** The Station 56 playbook, with the real tool. */
export const station56Scenarios: readonly Scenario[] = [
  {
    plan: "station56",
    name: "from freeze to smoke test",
    outcome: "SUCCEEDED",
    script: () => ({}),
    problems: (played, practice) =>
      failing({
        "it is complete": played.complete,
        "the pointer leads to the recorded root": liveRoot(practice) === rootOf(played.records),
        "five phases passed": count(played, "phase.end") === 5,
        "the drill failed as it should": ended(played.records, "drill-fail"),
        "it was built, its root recorded, promoted and flipped": ["migrate", "root", "promote", "pointer"].every(
          (step) => ended(played.records, step),
        ),
        "the smoke test was passed by the operator": count(played, "sign", "smoke") === 1,
        "the freeze was skipped with its reason": count(played, "step.skip", "freeze") === 1,
        "nothing was undone": count(played, "undo.intent") === 0,
      }),
  },
  {
    plan: "station56",
    name: "a blocker after the flip rolls back at once",
    outcome: "ROLLED_BACK",
    script: () => {
      const flipped = once((record) => ends(record, "pointer"));
      return { onRecord: (record, stage) => void (flipped(record) && damageLive(stage)) };
    },
    problems: (played, practice) =>
      failing({
        "it can be closed: the restored storage was scanned": played.closable,
        "the pointer moved there and back": count(played, "flip") === 2,
        "it leads to what was live before": liveRoot(practice) !== rootOf(played.records),
        "nobody was asked for the smoke test": count(played, "sign", "smoke") === 0,
      }),
  },
];

function ended(records: readonly JournalRecord[], step: string): boolean {
  return records.some((record) => record.type === "step.end" && record.step === step && record.data.result === "done");
}

function liveRoot({ estate }: Practice): string {
  return readlinkSync(join(estate.project, "storage/current")).replace("releases/", "");
}

function rootOf(records: readonly unknown[]): string {
  const saved = JSON.stringify(records).match(/"run_root":"([0-9a-f]{64})"/);
  return saved?.[1] ?? "";
}

/** One byte of one dog, in what is live now. */
function damageLive({ practice }: Stage): void {
  const file = join(practice.estate.project, "storage/current/hunde/data.jsonl");
  chmodSync(file, 0o644);
  writeFileSync(file, "X", { flag: "r+" });
  chmodSync(file, 0o444);
}
