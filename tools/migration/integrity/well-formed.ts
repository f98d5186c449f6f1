declare global {
  interface String {
    // In Node 20, but only in the library of ES2024.
    isWellFormed(): boolean;
  }
}

/** True where every surrogate of `text` has its partner, so that UTF-8 can carry it. */
export function isWellFormed(text: string): boolean {
  return text.isWellFormed();
}
