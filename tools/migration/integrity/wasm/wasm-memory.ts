/** Memory that modules share; its buffer never changes. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

/** The same for threads: it goes from one to another in a message. */
export interface SharedMemory {
  readonly buffer: SharedArrayBuffer;
}

const PAGE_BYTES = 65_536;
/** Addresses have 32 bits. */
const MOST_PAGES = 65_536;

/** What is used of the global of Node; its types come with those of a browser only. */
declare const WebAssembly: {
  readonly Memory: {
    new (size: { readonly initial: number }): WasmMemory;
    new (size: { readonly initial: number; readonly maximum: number; readonly shared: true }): SharedMemory;
  };
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
};

/** Memory of at least so many bytes, all of them 0. */
export function createMemory(bytes: number): WasmMemory {
  return new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE_BYTES) });
}

/** Memory of at least so many bytes that threads share, all of them 0; undefined where there cannot be so much. */
export function createSharedMemory(bytes: number): SharedMemory | undefined {
  const pages = Math.ceil(bytes / PAGE_BYTES);
  if (pages > MOST_PAGES) return undefined;
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** A module made of its bytes. */
export function compileModule(bytes: Uint8Array<ArrayBuffer>): object {
  return new WebAssembly.Module(bytes);
}

/** What a module exports, over a memory and with the functions that it takes from `env`. */
export function instantiate(module: object, memory: WasmMemory | SharedMemory, functions: object = {}): object {
  return new WebAssembly.Instance(module, { env: { memory, ...functions } }).exports;
}
