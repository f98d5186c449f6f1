/** Where one element of an array, or one line, lies in its file. */
export interface ElementSpan {
  /** Byte offset of its first byte. */
  readonly begin: number;
  /** Byte offset after its last byte. */
  readonly end: number;
  /** Number of the line it begins on, from 1. */
  readonly line: number;
}

/** Bytes that JSON calls whitespace, and others that splitting turns on. */
export const BYTE = {
  TAB: 0x09,
  LF: 0x0a,
  CR: 0x0d,
  SPACE: 0x20,
  QUOTE: 0x22,
  COMMA: 0x2c,
  OPEN_BRACKET: 0x5b,
  BACKSLASH: 0x5c,
  CLOSE_BRACKET: 0x5d,
  OPEN_BRACE: 0x7b,
  CLOSE_BRACE: 0x7d,
} as const;

/** True for space, tab, LF and CR (RFC 8259, section 2). */
export function isBlank(byte: number): boolean {
  return byte === BYTE.SPACE || byte === BYTE.LF || byte === BYTE.CR || byte === BYTE.TAB;
}

/** A byte as messages name it: punctuation and brackets as they are, anything else as a number only. */
export function describeByte(byte: number): string {
  if ('[]{},:"'.includes(String.fromCharCode(byte))) return `"${String.fromCharCode(byte)}"`;
  return `byte 0x${byte.toString(16).padStart(2, "0")}`;
}
