/** Memory that modules share; its buffer never changes. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

const PAGE_BYTES = 65_536;

/** What is used of the global of Node; its types come with those of a browser only. */
declare const WebAssembly: {
  readonly Memory: new (size: { readonly initial: number }) => WasmMemory;
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
};

/** Memory of at least so many bytes, all of them 0. */
export function createMemory(bytes: number): WasmMemory {
  return new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE_BYTES) });
}

/** A module made of its bytes. */
export function compileModule(bytes: Uint8Array<ArrayBuffer>): object {
  return new WebAssembly.Module(bytes);
}

/** What a module exports, over a memory and with the functions that it takes from `env`. */
export function instantiate(module: object, memory: WasmMemory, functions: object = {}): object {
  return new WebAssembly.Instance(module, { env: { memory, ...functions } }).exports;
}
