/** Compares by UTF-16 code units: the order of keys and module names (RFC 8785, section 3.2.3). */
export function compareCodeUnits(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Compares well-formed strings by the bytes of their UTF-8 form: the order of legacy ids. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left !== right) return utf8Rank(left) - utf8Rank(right) < 0 ? -1 : 1;
  }
  return Math.sign(a.length - b.length);
}

// UTF-8 puts U+10000 and above (surrogates in UTF-16) after U+E000 to U+FFFF; below U+D800 both orders agree.
function utf8Rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
