import { type FindingPlace, type FindingSink, finding } from "../model/finding.ts";

/** Reports ids that are not strictly above the one before; equal neighbours are duplicates. */
export class OrderCheck {
  readonly #sink: FindingSink;
  #previous = "";

  constructor(sink: FindingSink) {
    this.#sink = sink;
  }

  next(id: string, place: FindingPlace): void {
    if (id === this.#previous) this.#sink(finding("ENTITY_ID_DUPLICATE", place));
    else if (id < this.#previous) {
      this.#sink(finding("ENTITY_ORDER", { ...place, expected: `an id above ${this.#previous}` }));
    }
    this.#previous = id;
  }
}
