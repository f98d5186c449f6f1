import { helperFunctions } from "../../tools/migration/compiled/vectors/functions.ts";
import { HELPERS, type Helper } from "../../tools/migration/compiled/vectors/helpers.ts";
import { TENS } from "../../tools/migration/compiled/vectors/number-function.ts";
import { compileModule, createMemory, instantiate } from "../../tools/migration/integrity/wasm/wasm-memory.ts";
import { wasmModule } from "../../tools/migration/integrity/wasm/wasm-module.ts";

const [VALUE, TENS_AT, TEXTS] = [0, 16, 1024];
const ask = { name: "ask", signature: { parameters: 3, result: true } };
const memory = createMemory(65_536);
const bytes = Buffer.from(memory.buffer);
new Float64Array(memory.buffer, TENS_AT, TENS.length).set(TENS);

const exported = new Map(HELPERS.map((name, index) => [name, index] as const).filter(([name]) => name !== "ask"));
const module = compileModule(wasmModule(helperFunctions({ value: VALUE, tens: TENS_AT }), exported, [ask]));
const functions = instantiate(module, memory, { ask: () => 0 }) as Record<Helper, (...values: number[]) => number>;

/** What a function that looks at texts gives. */
export function look(name: Helper, ...values: number[]): number {
  return functions[name](...values);
}

/** The addresses of texts that were put into the memory, each behind the one before and with an LF behind it, as behind a line. */
export function put(...texts: readonly (string | Uint8Array)[]): { readonly from: number; readonly to: number }[] {
  let at = TEXTS;
  return texts.map((text) => {
    const own = Buffer.from(text);
    own.copy(bytes, at);
    bytes[at + own.length] = 0x0a;
    const place = { from: at, to: at + own.length };
    at = place.to + 1;
    return place;
  });
}

/** Where a text begins, and how many of its bytes a function takes that gives an end; -1 where it gives none. */
export function taken(name: Helper, text: string | Uint8Array, skip = 0): number {
  const [place = { from: 0, to: 0 }] = put(text);
  const end = look(name, place.from + skip);
  return end === 0 ? -1 : end - place.from;
}

/** The number that was read last. */
export function value(): number {
  return bytes.readDoubleLE(VALUE);
}
