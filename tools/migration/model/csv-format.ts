/** Character sets that a CSV file can be in. */
export const CSV_ENCODINGS = ["utf-8", "latin1"] as const;

/** How a CSV file is written; what is left out is as RFC 4180 has it. */
export interface CsvFormat {
  /** Between two cells; a comma unless told. */
  readonly delimiter?: string;
  /** Around a cell, and twice for one inside of it; a double quote unless told. */
  readonly quote?: string;
  readonly encoding?: (typeof CSV_ENCODINGS)[number];
  /** The cell without quotes that stands for NULL; the empty one unless told. */
  readonly null?: string;
}
