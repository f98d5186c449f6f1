import { ByteSink, sized } from "./byte-sink.ts";
import { VALUE_TYPES } from "./opcodes.ts";
import type { WasmFunction, WasmSignature } from "./wasm-function.ts";

/** At least a page; and for memory that threads share, at most all that there can be, 65536 of them. */
const LIMITS = [0x00, 1];
const SHARED_LIMITS = [0x03, 0, 0x80, 0x80, 0x04];

/** What a module takes from `env`, beside its memory. */
export interface WasmImport {
  readonly name: string;
  readonly signature: WasmSignature;
}

/** The bytes of a module with these functions, behind the imported ones, some of them exported; over an imported memory `env.memory`. */
export function wasmModule(
  functions: readonly WasmFunction[],
  exported: ReadonlyMap<string, number>,
  imported: readonly WasmImport[] = [],
  { isShared = false } = {},
): Uint8Array<ArrayBuffer> {
  const types = [...imported, ...functions].map(({ signature }) => typeOf(signature));
  const memory = [...text("env"), ...text("memory"), 0x02, ...(isShared ? SHARED_LIMITS : LIMITS)];
  const imports = imported.map(({ name }, index) => [...text("env"), ...text(name), 0x00, index]);
  const exports = [...exported].map(([name, index]) => [...text(name), 0x00, index]);
  const sections = [
    Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0),
    section(1, types.map(bytesOf)),
    section(2, [memory, ...imports].map(bytesOf)),
    section(
      3,
      functions.map((_, index) => new ByteSink().unsigned(imported.length + index).bytes),
    ),
    section(7, exports.map(bytesOf)),
    section(
      10,
      functions.map((one) => one.body()),
    ),
  ];
  return Uint8Array.from(Buffer.concat(sections));
}

function typeOf({ parameters, result = false }: WasmSignature): readonly number[] {
  const { i32 } = VALUE_TYPES;
  return [0x60, parameters, ...new Array<number>(parameters).fill(i32), ...(result ? [1, i32] : [0])];
}

function bytesOf(values: readonly number[]): Uint8Array {
  return Uint8Array.from(values);
}

function section(id: number, entries: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat([new ByteSink().unsigned(entries.length).bytes, ...entries]);
  return Buffer.concat([Uint8Array.of(id), sized(content)]);
}

function text(value: string): Uint8Array {
  return sized(Buffer.from(value, "latin1"));
}
