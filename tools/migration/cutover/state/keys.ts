import type { CheckPlace } from "../journal/record.ts";

/** A step, or one item of a step that goes through a list. */
export function stepKey(step: string, item: string | null): string {
  return item === null ? step : `${step}[${item}]`;
}

/** An answer of a check is kept by where it was asked. */
export function checkKey(place: CheckPlace, within: string, name: string): string {
  return `${place}\n${within}\n${name}`;
}
