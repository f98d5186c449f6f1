import { type ByteSpan, inRanges } from "../integrity/lanes/scan-lanes.ts";
import type { Ask, Code } from "./code.ts";
import { emitImpersonal, emitLeaf, emitPlain } from "./emit-text.ts";
import { type Automaton, buildAutomaton, fixedSets, START_STATE } from "./pattern-automaton.ts";
import { type Pattern, parsePattern } from "./pattern-syntax.ts";
import { IBAN_LENGTH, PHONE_DIGITS } from "./personal-limits.ts";
import { Unsupported } from "./unsupported.ts";

const MOST_FIXED = 64;
/** Most ranges of characters at one place that are looked at in vectors. */
const MOST_RANGES = 6;

/** What surrounds the content of a string with a pattern. */
export interface Content {
  /** The local variable that says where it starts. */
  readonly start: number;
  /** Asks the authority about it. */
  readonly leaf: Ask;
  /** True where detectors of personal values look at it. */
  readonly open: boolean;
}

/**
 * Writes the code for string content that matches `source`; gets to the closing quote. ASCII is decided by bytes; a text that
 * is refused there, because it holds an escape or a character beyond ASCII, is asked of `leaf`.
 */
export function emitPattern(code: Code, source: string, { start, leaf, open }: Content): void {
  const impersonal = (): void => {
    if (open) emitImpersonal(code, start);
  };
  const slow = (): void => {
    code.wasm.get(start).set(code.place);
    emitPlain(code);
    emitLeaf(code, leaf, start);
    impersonal();
  };
  code.settle();
  const pattern = parsed(source);
  const sets = pattern && fixedSets(pattern);
  const ranges = sets?.map(rangesOf);
  if (sets !== undefined && ranges?.every((own) => own.length > 0 && own.length <= MOST_RANGES) && isShort(sets)) {
    inRanges(code.wasm, code.place, code.ahead, [...ranges, QUOTE_ONLY]);
    code.when(() => {
      code.skip(sets.length);
      if (!isNeverPersonal(sets)) impersonal();
    }, slow);
    return;
  }
  const table = pattern && attempt(() => tableOf(code, buildAutomaton(pattern)));
  if (table === undefined) slow();
  else emitAutomaton(code, table, impersonal, slow);
}

const QUOTE = 0x22;
const QUOTE_ONLY = [{ low: QUOTE, high: QUOTE }];

function isShort(sets: readonly unknown[]): boolean {
  return sets.length <= MOST_FIXED;
}

/** Ranges of the characters that stand in a JSON string as they are. */
function rangesOf(codes: readonly number[]): readonly ByteSpan[] {
  const ranges: { low: number; high: number }[] = [];
  for (const code of [...new Set(codes)].filter(isPlainCode).sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && last.high === code - 1) last.high = code;
    else ranges.push({ low: code, high: code });
  }
  return ranges;
}

/** Addresses of the two parts of an automaton. */
interface Table {
  readonly next: number;
  readonly accepts: number;
}

function tableOf({ room }: Code, { next, accepts }: Automaton): Table {
  const { buffer, byteOffset, byteLength } = next;
  return { next: room.table(new Uint8Array(buffer, byteOffset, byteLength)), accepts: room.table(accepts) };
}

function emitAutomaton(code: Code, table: Table, impersonal: () => void, slow: () => void): void {
  const { wasm, place } = code;
  const [state, next] = [code.local(), code.local()];
  wasm.i32(START_STATE).set(state);
  wasm.block((end) => {
    wasm.repeat((again) => {
      wasm.get(state).get(place).access("i32.load8_u").op("i32.or").shiftLeftI32(1);
      wasm.access("i32.load16_u", table.next).tee(next).op("i32.eqz").jumpIf(end);
      wasm.get(next).set(state);
      wasm.get(place).i32(1).addI32().set(place).jump(again);
    });
  });
  code.byte().i32(QUOTE).isEqual();
  wasm.get(state).i32(8).op("i32.shr_u").access("i32.load8_u", table.accepts).op("i32.and");
  code.when(impersonal, slow);
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

// What stands in a JSON string as it is.
function isPlainCode(code: number): boolean {
  return code >= 0x20 && code < 0x80 && code !== 0x22 && code !== 0x5c;
}
