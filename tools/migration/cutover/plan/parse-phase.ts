import type { Step } from "./action.ts";
import { parseCheck, parseStep, parseUndoActions } from "./parse-action.ts";
import { parseVars } from "./parse-vars.ts";
import type { Part } from "./part.ts";
import type { OnFail, Phase, Use } from "./plan.ts";

/** A phase of the plan. */
export function parsePhase(part: Part): Phase {
  const id = part.text("id") ?? "";
  return {
    id,
    title: part.text("title") ?? id,
    gate: part.text("gate"),
    needs: part.texts("needs"),
    vars: parseVars(part.child("vars")),
    steps: part.list("steps").flatMap(parseItem),
    checkpoint: part.texts("checkpoint"),
    undo: parseUndoActions(part.raw["undo"] ?? [], part, "undo", `${id}.undo`),
    evidence: part.list("evidence").map((item, at) => parseCheck(item, `${id}.evidence.${at + 1}`)),
    onFail: onFailOf(part.text("on_fail")),
    line: part.line,
  };
}

function parseItem(part: Part): readonly (Use | Step)[] {
  if (part.raw["use"] === undefined) return [parseStep(part)];
  return part.texts("use").map((use) => ({ use, each: part.text("each"), line: part.line }));
}

function onFailOf(text: string | undefined): OnFail {
  return text === "rollback" || text === "rollback-phase" ? text : "hold";
}
