import { unsupported } from "./unsupported.ts";

/** A regular expression over single ASCII characters; what lies beyond ASCII belongs to no set. */
export type Pattern =
  | { readonly kind: "set"; readonly codes: readonly number[] }
  | { readonly kind: "sequence"; readonly parts: readonly Pattern[] }
  | { readonly kind: "choice"; readonly parts: readonly Pattern[] }
  | { readonly kind: "repeat"; readonly part: Pattern; readonly least: number; readonly most: number };

const ASCII: readonly number[] = Array.from({ length: 128 }, (_, code) => code);
const DIGITS = codesOf(/[0-9]/);
const WORDS = codesOf(/[A-Za-z0-9_]/);
const SPACES = codesOf(/\s/);
const CLASSES: Readonly<Record<string, readonly number[]>> = {
  d: DIGITS,
  D: without(DIGITS),
  w: WORDS,
  W: without(WORDS),
  s: SPACES,
  S: without(SPACES),
};
const MOST_REPEATS = 1000;

/**
 * Parses `^…$` of the common subset of regular expressions (flag `u`): characters, classes, groups with
 * alternatives, counts. Anything else (unanchored, lazy, look-around, back references) is unsupported.
 */
export function parsePattern(source: string): Pattern {
  if (!source.startsWith("^") || !source.endsWith("$")) unsupported("a pattern that is not anchored");
  const reader = new PatternReader(source.slice(1, -1));
  const parsed = reader.sequence();
  if (!reader.done) unsupported("alternatives outside a group");
  return parsed;
}

class PatternReader {
  readonly #units: readonly string[];
  #at = 0;

  constructor(source: string) {
    this.#units = Array.from(source);
  }

  get done(): boolean {
    return this.#at === this.#units.length;
  }

  sequence(): Pattern {
    const parts: Pattern[] = [];
    while (!this.done && this.#unit !== "|" && this.#unit !== ")") parts.push(this.#counted(this.#atom()));
    return { kind: "sequence", parts };
  }

  get #unit(): string {
    return this.#units[this.#at] ?? "";
  }

  #take(): string {
    const unit = this.#unit;
    this.#at++;
    return unit;
  }

  #atom(): Pattern {
    const unit = this.#take();
    if (unit === "(") return this.#group();
    if (unit === "[") return { kind: "set", codes: this.#set() };
    if (unit === ".") return { kind: "set", codes: without([0x0a, 0x0d]) };
    if (unit === "\\") return { kind: "set", codes: this.#escape() };
    if ("^$*+?{}]".includes(unit)) unsupported("a special character as an atom");
    return { kind: "set", codes: codesIn(unit) };
  }

  #group(): Pattern {
    if (this.#unit === "?") {
      this.#at++;
      if (this.#take() !== ":") unsupported("a group that looks around or has a name");
    }
    const parts = [this.sequence()];
    while (this.#unit === "|") {
      this.#at++;
      parts.push(this.sequence());
    }
    if (this.#take() !== ")") unsupported("a group without an end");
    return { kind: "choice", parts };
  }

  #escape(): readonly number[] {
    const letter = this.#take();
    const known = CLASSES[letter];
    if (known !== undefined) return known;
    if (!/^[\^$\\.*+?()[\]{}|/-]$/.test(letter)) unsupported("an escape");
    return codesIn(letter);
  }

  #set(): readonly number[] {
    const negated = this.#unit === "^";
    if (negated) this.#at++;
    const codes = new Set<number>();
    while (this.#unit !== "]") {
      if (this.done) unsupported("a class without an end");
      const first = this.#member();
      if (this.#unit === "-" && this.#units[this.#at + 1] !== "]") {
        this.#at++;
        for (const code of range(first, this.#member())) codes.add(code);
      } else for (const code of first) codes.add(code);
    }
    this.#at++;
    return negated ? without([...codes]) : [...codes];
  }

  #member(): readonly number[] {
    const unit = this.#take();
    return unit === "\\" ? this.#escape() : codesIn(unit);
  }

  #counted(part: Pattern): Pattern {
    const [least, most] = this.#count();
    if ("?*+{".includes(this.#unit) && !this.done) unsupported("a lazy count");
    return least === 1 && most === 1 ? part : { kind: "repeat", part, least, most };
  }

  #count(): readonly [number, number] {
    const found = /^(?:([?*+])|\{([0-9]+)(?:(,)([0-9]*))?\})/.exec(this.#units.slice(this.#at).join(""));
    if (found === null) return [1, 1];
    this.#at += found[0].length;
    const [, sign, low, comma, high] = found;
    if (sign !== undefined) return [sign === "+" ? 1 : 0, sign === "?" ? 1 : Number.POSITIVE_INFINITY];
    const least = Number(low);
    const most = comma === undefined ? least : high === "" ? Number.POSITIVE_INFINITY : Number(high);
    if (least > MOST_REPEATS || (most > MOST_REPEATS && most !== Number.POSITIVE_INFINITY)) unsupported("a high count");
    return [least, most];
  }
}

function range(from: readonly number[], to: readonly number[]): readonly number[] {
  const [low, ...lows] = from;
  const [high, ...highs] = to;
  if (low === undefined || high === undefined || lows.length > 0 || highs.length > 0) {
    unsupported("a range beyond ASCII or of classes");
  }
  return ASCII.filter((code) => code >= low && code <= high);
}

function codesIn(unit: string): readonly number[] {
  const code = unit.codePointAt(0) ?? 128;
  return code < 128 ? [code] : [];
}

function codesOf(pattern: RegExp): readonly number[] {
  return ASCII.filter((code) => pattern.test(String.fromCharCode(code)));
}

function without(codes: readonly number[]): readonly number[] {
  return ASCII.filter((code) => !codes.includes(code));
}
