import type { Ask, Code } from "./code.ts";

/** Gets to the closing quote of a text. */
export function emitPlain(code: Code): void {
  code.address();
  code.call("textEnd").tee(code.place);
  code.settled();
  code.require();
}

/** Refuses the line unless JavaScript accepts the content from `start` up to here. */
export function emitLeaf(code: Code, leaf: Ask, start: number): void {
  code.ask(leaf, () => {
    code.wasm.get(start);
    code.address();
  });
  code.require();
}

/** Refuses the line where a detector of personal values might fire on the content from `start` up to here. */
export function emitImpersonal(code: Code, start: number): void {
  code.wasm.get(start);
  code.address();
  code.call("isImpersonal");
  code.require();
}
