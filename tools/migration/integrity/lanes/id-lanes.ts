import { ENTITY_LINE_BYTES } from "../limits.ts";
import { WasmFunction } from "../wasm/wasm-function.ts";
import { sixteen } from "./hex-lanes.ts";
import { DIGEST_AT, ID_AT } from "./line-lanes.ts";
import { readUuid, UUID_BYTES, uuidLocals } from "./uuid-lanes.ts";

const WORDS_BYTES = 16;
const [TEXTS, WORDS, COUNT] = [0, 1, 2];

/** What is around the id and the digest of a line of entities.jsonl, and where a vector with all of it begins. */
const FIXED = [
  { text: '{"id":"', at: 0, from: 0 },
  { text: '","sha256":"', at: ID_AT + UUID_BYTES, from: ID_AT + UUID_BYTES },
  { text: '"}\n', at: DIGEST_AT + 64, from: ENTITY_LINE_BYTES - 16 },
] as const;

/** `ids(texts, words, count)`. */
export function ids(): WasmFunction {
  const code = new WasmFunction({ parameters: 3, result: true });
  const locals = uuidLocals(code);
  const difference = code.local("v128");
  code.loop(() => {
    code.get(WORDS);
    readUuid(code, TEXTS, ID_AT, locals).store(0);
    for (const { text, at, from } of FIXED) {
      const byte = (place: number): number | undefined => Buffer.from(text, "latin1")[from + place - at];
      code.get(TEXTS).load(from);
      code.bytes(sixteen((place) => byte(place) ?? 0)).xor();
      code.bytes(sixteen((place) => (byte(place) === undefined ? 0 : 0xff))).and();
      code.get(difference).or().set(difference);
    }
    code.get(TEXTS).i32(ENTITY_LINE_BYTES).addI32().set(TEXTS);
    code.get(WORDS).i32(WORDS_BYTES).addI32().set(WORDS);
    code.get(COUNT).i32(1).subtractI32().tee(COUNT);
  });
  return code.get(difference).anyBit().get(locals.isWrong).op("i32.or");
}
