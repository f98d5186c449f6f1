declare global {
  interface String {
    // In Node 20, but only in the library of ES2024.
    isWellFormed(): boolean;
    toWellFormed(): string;
  }
}

/** True where every surrogate of `text` has its partner, so that UTF-8 can carry it. */
export function isWellFormed(text: string): boolean {
  return text.isWellFormed();
}

/** `text` with U+FFFD in the place of every surrogate without its partner. */
export function toWellFormed(text: string): string {
  return text.toWellFormed();
}
