/** Why the strict parser refuses a text. */
export type ParseReason = "JSON" | "DUPLICATE_KEY" | "NUMBER" | "SURROGATE" | "NESTING";

/** The place and kind of the first fault of a text. */
export interface ParseFailure {
  readonly reason: ParseReason;
  /** UTF-16 offset in the text. */
  readonly offset: number;
  readonly message: string;
}

/** A text being read: the place, and the first fault once there is one. */
export class TextCursor {
  readonly text: string;
  at = 0;
  failure: ParseFailure | undefined;
  /** JSON Pointer of the fault, put together from the inside out. */
  path = "";

  constructor(text: string) {
    this.text = text;
  }

  /** Records the first fault; returns undefined, which every reader hands up as "refused". */
  fail(reason: ParseReason, offset: number, message: string): undefined {
    this.failure ??= { reason, offset, message };
    return undefined;
  }

  /** Records that something else stood at the current place. */
  unexpected(expected: string): undefined {
    return this.fail("JSON", this.at, `expected ${expected}, got ${this.#describe()}`);
  }

  /** Skips the white space of RFC 8259, section 2; returns the code unit behind it (NaN at the end). */
  skipSpace(): number {
    for (;;) {
      const unit = this.text.charCodeAt(this.at);
      if (unit > 0x20 || (unit !== 0x20 && unit !== 0x0a && unit !== 0x09 && unit !== 0x0d)) return unit;
      this.at++;
    }
  }

  // A letter or digit may belong to a value, so only the kind is told; punctuation is named.
  #describe(): string {
    const unit = this.text.charCodeAt(this.at);
    if (Number.isNaN(unit)) return "the end of the text";
    if (unit === 0xfeff) return "a byte order mark";
    if (unit < 0x20) return `the control character U+${unit.toString(16).padStart(4, "0")}`;
    const character = this.text.charAt(this.at);
    if ('{}[]:,"'.includes(character)) return `'${character}'`;
    if (/[0-9]/.test(character)) return "a digit";
    return /[A-Za-z]/.test(character) ? "a letter" : "another character";
  }
}
