import { LineReader } from "../files/line-reader.ts";
import { parseEntityLine } from "../integrity/digest.ts";
import { type FindingSink, finding } from "../model/finding.ts";

/** One well-formed line of entities.jsonl. */
export interface EntityDigest {
  readonly id: string;
  readonly sha256: string;
  readonly number: number;
  readonly offset: number;
}

/** Reads entities.jsonl; lines that are no digest lines are reported and left out. */
export class EntityLines {
  readonly #reader: LineReader;
  readonly #place: { readonly module: string; readonly file: string };
  readonly #sink: FindingSink;
  /** Lines read, well-formed or not. */
  lines = 0;

  constructor(
    path: string,
    place: { readonly module: string; readonly file: string },
    sink: FindingSink,
    onBlock: (block: Buffer, offset: number) => void,
  ) {
    this.#reader = new LineReader(path, place.file, { onBlock });
    this.#place = place;
    this.#sink = sink;
  }

  /** The next well-formed line; undefined after the last. */
  next(): EntityDigest | undefined {
    for (let line = this.#reader.next(); line !== undefined; line = this.#reader.next()) {
      this.lines += 1;
      const place = { ...this.#place, line: line.number, offset: line.offset };
      if (line.torn) this.#sink(finding("FILE_TORN", place));
      const digest = parseEntityLine(line.line.toString("latin1"));
      if (digest !== undefined) return { ...digest, number: line.number, offset: line.offset };
      this.#sink(finding("DIGEST_LINE_MALFORMED", place));
    }
    return undefined;
  }

  close(): void {
    this.#reader.close();
  }
}
