import { MAX_LINE_BYTES } from "../integrity/limits.ts";
import type { ByteWindow } from "./byte-window.ts";
import { BYTE, describeByte, type ElementSpan, isBlank } from "./element-span.ts";

/** The error of a file that is not one array: what was expected and what came, at a byte. */
export type ArrayFault = (offset: number, words: string) => Error;

/**
 * Splits a JSON array, however it is formatted, into the spans of its elements while it is read.
 * Throws what `fault` makes where the file is not one array; the elements themselves are not parsed.
 */
export function* splitArray(window: ByteWindow, fault: ArrayFault): Generator<ElementSpan> {
  const cursor = new Cursor(window, fault);
  cursor.expect(BYTE.OPEN_BRACKET, 'the "[" of a JSON array');
  if (cursor.peek('an entry or "]"') !== BYTE.CLOSE_BRACKET) {
    for (;;) {
      const first = cursor.peek("an entry");
      if (first === BYTE.CLOSE_BRACKET || first === BYTE.COMMA) throw cursor.unexpected("an entry", first);
      yield cursor.element();
      if (cursor.peek('"," or "]"') === BYTE.CLOSE_BRACKET) break;
      cursor.expect(BYTE.COMMA, '"," or "]"');
    }
  }
  cursor.expect(BYTE.CLOSE_BRACKET, '"]"');
  cursor.expectEnd();
}

/** A position in the file, with the number of its line. */
class Cursor {
  readonly #window: ByteWindow;
  readonly #fault: ArrayFault;
  #at = 0;
  #line = 1;

  constructor(window: ByteWindow, fault: ArrayFault) {
    this.#window = window;
    this.#fault = fault;
  }

  unexpected(expected: string, byte: number | undefined): Error {
    const got = byte === undefined ? "the end of the file" : describeByte(byte);
    return this.#fault(this.#at, `expected ${expected}, got ${got}`);
  }

  /** The next byte that is no whitespace, without passing it. */
  peek(expected: string): number {
    const byte = this.#nextVisible();
    if (byte === undefined) throw this.unexpected(expected, undefined);
    return byte;
  }

  expect(wanted: number, words: string): void {
    const byte = this.peek(words);
    if (byte !== wanted) throw this.unexpected(words, byte);
    this.#at += 1;
  }

  expectEnd(): void {
    const byte = this.#nextVisible();
    if (byte !== undefined) throw this.unexpected("the end of the file", byte);
  }

  #nextVisible(): number | undefined {
    for (;;) {
      const { bytes, base } = this.#window;
      for (let index = this.#at - base; index < bytes.length; index += 1) {
        const byte = bytes[index] ?? 0;
        this.#at = base + index;
        if (!isBlank(byte)) return byte;
        if (byte === BYTE.LF) this.#line += 1;
      }
      this.#at = base + bytes.length;
      if (!this.#window.fill(this.#at)) return undefined;
    }
  }

  /** Passes one element: up to the comma or bracket that ends it, outside strings and nested values. */
  element(): ElementSpan {
    const begin = this.#at;
    const line = this.#line;
    const scan = new ElementScan();
    for (;;) {
      const { bytes, base } = this.#window;
      const index = scan.run(bytes, this.#at - base);
      this.#at = base + index;
      if (this.#at - begin > MAX_LINE_BYTES) {
        throw this.#fault(begin, `expected an entry of at most ${MAX_LINE_BYTES} bytes, got a longer one`);
      }
      if (index < bytes.length) break;
      if (!this.#window.fill(begin)) throw this.unexpected('"," or "]" after an entry', undefined);
    }
    this.#line += scan.lines;
    return { begin, end: this.#at, line };
  }
}

/** The state of one element between blocks: nesting, string, escape. Balance and syntax are the parser's matter. */
class ElementScan {
  lines = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;

  /** Scans from `index`; returns the index of the byte that ends the element, or `bytes.length` where it goes on. */
  run(bytes: Uint8Array, index: number): number {
    let at = index;
    for (; at < bytes.length; at += 1) {
      const byte = bytes[at];
      if (this.#inString) this.#insideString(byte);
      else if (byte === BYTE.QUOTE) this.#inString = true;
      else if (byte === BYTE.OPEN_BRACE || byte === BYTE.OPEN_BRACKET) this.#depth += 1;
      else if (this.#depth === 0 && (byte === BYTE.COMMA || byte === BYTE.CLOSE_BRACKET)) return at;
      else if (byte === BYTE.CLOSE_BRACE || byte === BYTE.CLOSE_BRACKET) this.#depth = Math.max(0, this.#depth - 1);
      else if (byte === BYTE.LF) this.lines += 1;
    }
    return at;
  }

  #insideString(byte: number | undefined): void {
    if (this.#escaped) this.#escaped = false;
    else if (byte === BYTE.BACKSLASH) this.#escaped = true;
    else if (byte === BYTE.QUOTE) this.#inString = false;
  }
}
