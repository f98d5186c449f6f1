import type { FindingPlace } from "./finding.ts";
import type { FindingCode } from "./finding-codes.ts";

/** Stands in a record for a text whose bytes are not valid in the source's encoding: never U+FFFD in its place. */
export const UNREADABLE_TEXT: unique symbol = Symbol("text that is not valid in its encoding");

/** Stands in a batch for a record that could not be read; whoever maps records reports it. */
export class BrokenRecord {
  readonly code: FindingCode;
  readonly place: FindingPlace;

  constructor(code: FindingCode, place: FindingPlace) {
    this.code = code;
    this.place = place;
  }
}
