import type { Progress } from "../operations/context.ts";

/** Where progress goes: a terminal gets one line that changes, anything else one plain line per stage. */
export function createProgress(stream: NodeJS.WriteStream, quiet: boolean, clock: () => Date): Progress {
  if (quiet) return { stage: () => {}, advance: () => {}, end: () => {} };
  return stream.isTTY ? new TerminalProgress(stream, clock) : new PlainProgress(stream);
}

class PlainProgress implements Progress {
  readonly #stream: NodeJS.WriteStream;
  #name = "";
  #count = 0;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  stage(name: string): void {
    this.end();
    this.#name = name;
  }

  advance(count: number): void {
    this.#count += count;
  }

  end(): void {
    if (this.#name !== "") this.#stream.write(`${this.#name}${this.#count > 0 ? `: ${this.#count}` : ""}\n`);
    this.#name = "";
    this.#count = 0;
  }
}

const REDRAW_MS = 100;

class TerminalProgress implements Progress {
  readonly #stream: NodeJS.WriteStream;
  readonly #clock: () => Date;
  #name = "";
  #total: number | undefined;
  #count = 0;
  #start = 0;
  #drawn = 0;

  constructor(stream: NodeJS.WriteStream, clock: () => Date) {
    this.#stream = stream;
    this.#clock = clock;
  }

  stage(name: string, total?: number): void {
    this.#name = name;
    this.#total = total;
    this.#count = 0;
    this.#start = this.#clock().getTime();
    this.#draw(this.#start);
  }

  advance(count: number): void {
    this.#count += count;
    const now = this.#clock().getTime();
    if (now - this.#drawn >= REDRAW_MS) this.#draw(now);
  }

  end(): void {
    if (this.#name !== "") this.#stream.write("\r\x1b[2K");
    this.#name = "";
  }

  #draw(now: number): void {
    const seconds = (now - this.#start) / 1000;
    const rate = seconds > 0 ? this.#count / seconds : 0;
    const eta =
      this.#total !== undefined && rate > 0 ? `, ${Math.ceil((this.#total - this.#count) / rate)} s left` : "";
    const count = this.#total === undefined ? this.#count : `${this.#count} of ${this.#total}`;
    const text = this.#count === 0 ? this.#name : `${this.#name}: ${count} (${Math.round(rate)}/s${eta})`;
    this.#stream.write(`\r\x1b[2K${text}`);
    this.#drawn = now;
  }
}
