import type { Finding } from "../model/finding.ts";

/** One finding on one line: severity, code, where, what, expected and got. */
export function findingText(found: Finding): string {
  const what = [found.message];
  if (found.rule !== undefined) what.push(`[${found.rule}]`);
  const judged = judgement(found);
  if (judged !== "") what.push(judged);
  return `${found.severity} ${found.code} ${placeText(found)}: ${what.join(" ")}`;
}

/** What was expected and what was there; a parser says both in one. */
function judgement({ expected, got }: Finding): string {
  if (got?.startsWith("expected ")) return got;
  return [expected === undefined ? [] : `expected ${expected}`, got === undefined ? [] : `got ${got}`]
    .flat()
    .join(", ");
}

function placeText(found: Finding): string {
  const parts: string[] = [];
  if (found.module !== undefined) parts.push(found.module);
  if (found.legacyId !== undefined) parts.push(JSON.stringify(found.legacyId));
  if (found.id !== undefined) parts.push(found.id);
  if (found.record !== undefined) parts.push(`record ${found.record}`);
  if (found.field !== undefined) parts.push(found.field === "" ? "the whole record" : `field ${found.field}`);
  if (found.file !== undefined) parts.push(found.line === undefined ? found.file : `${found.file}:${found.line}`);
  if (found.chunk !== undefined) parts.push(`chunk ${found.chunk}`);
  if (found.offset !== undefined) parts.push(`byte ${found.offset}`);
  return parts.join(" ");
}
