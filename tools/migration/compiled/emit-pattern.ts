import { IBAN_LENGTH, PHONE_DIGITS } from "./byte-pii.ts";
import { type Code, literalAt } from "./code.ts";
import { buildAutomaton, fixedSets, START_STATE } from "./pattern-automaton.ts";
import { type Pattern, parsePattern } from "./pattern-syntax.ts";
import { Unsupported } from "./unsupported.ts";

const MOST_FIXED = 64;

/** What surrounds the content of a string with a pattern. */
export interface Content {
  /** The local variable that says where it starts. */
  readonly start: string;
  /** The constant that asks the authority about the content in `[from, to)`. */
  readonly leaf: string;
  /** True where detectors of personal values look at it. */
  readonly open: boolean;
}

/**
 * Writes the code for string content that matches `source`; leaves `p` at the closing quote. ASCII is decided by
 * bytes; a text that is refused there, because it holds an escape or a character beyond ASCII, is asked of `leaf`.
 */
export function emitPattern(code: Code, source: string, { start, leaf, open }: Content): void {
  const impersonal = open ? ` if (!isSurelyImpersonal(b, ${start}, p)) return false;` : "";
  const slow = `p = stringEnd(b, ${start}, e); if (p < 0 || !${leaf}(b, ${start}, p)) return false;${impersonal}`;
  const pattern = parsed(source);
  const sets = pattern && fixedSets(pattern);
  if (sets !== undefined && sets.length <= MOST_FIXED) {
    const known = isNeverPersonal(sets) ? "" : impersonal;
    code.line(`if (${fixedTest(code, sets)}) { p += ${sets.length};${known} }`);
    code.line(`else { ${slow} }`);
    return;
  }
  const automaton = pattern && attempt(() => buildAutomaton(pattern));
  if (automaton === undefined) {
    code.line(slow);
    return;
  }
  const [state, next] = [code.local(), code.local()];
  const table = code.constant(automaton.next);
  code.line(`${state} = ${START_STATE};`);
  code.line(`while (p < e && (${next} = ${table}[${state} | b[p]]) !== 0) { ${state} = ${next}; p++; }`);
  code.line(`if (p >= e || b[p] !== 34 || ${code.constant(automaton.accepts)}[${state} >> 8] !== 1) { ${slow} }`);
  code.line(`else {${impersonal} }`);
}

/** True where no text of these characters can be a mail address, or has the seven digits of a phone number. */
function isNeverPersonal(sets: readonly (readonly number[])[]): boolean {
  const digits = sets.filter((codes) => codes.some((code) => code >= 0x30 && code <= 0x39));
  return digits.length < PHONE_DIGITS && sets.length < IBAN_LENGTH && !sets.some((codes) => codes.includes(0x40));
}

function parsed(source: string): Pattern | undefined {
  return attempt(() => parsePattern(source));
}

function attempt<T>(build: () => T): T | undefined {
  try {
    return build();
  } catch (error) {
    if (error instanceof Unsupported) return undefined;
    throw error;
  }
}

// Single characters next to each other are compared as one literal.
function fixedTest(code: Code, sets: readonly (readonly number[])[]): string {
  const tests = [`p + ${sets.length + 1} <= e`, `b[p + ${sets.length}] === 34`];
  let literal = "";
  sets.forEach((codes, at) => {
    const only = codes.length === 1 ? codes[0] : undefined;
    if (only !== undefined && isPlainCode(only)) literal += String.fromCharCode(only);
    else {
      if (literal !== "") tests.push(literalAt(literal, at - literal.length));
      literal = "";
      tests.push(setTest(code, codes, at));
    }
  });
  if (literal !== "") tests.push(literalAt(literal, sets.length - literal.length));
  return tests.join(" && ");
}

function setTest(code: Code, codes: readonly number[], at: number): string {
  const plain = codes.filter(isPlainCode).sort((a, b) => a - b);
  const [low = 0, high = 0] = [plain[0], plain.at(-1)];
  if (plain.length > 0 && high - low === plain.length - 1) return `((b[p + ${at}] - ${low}) >>> 0) <= ${high - low}`;
  const table = Uint8Array.from({ length: 256 }, (_, byte) => (plain.includes(byte) ? 1 : 0));
  return `${code.constant(table)}[b[p + ${at}]] === 1`;
}

// What stands in a JSON string as it is.
function isPlainCode(code: number): boolean {
  return code >= 0x20 && code < 0x80 && code !== 0x22 && code !== 0x5c;
}
