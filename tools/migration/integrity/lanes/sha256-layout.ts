import { ENTITY_LINE_BYTES } from "../limits.ts";

/** Where things are in the memory of the lanes, in bytes; a vector has one word of each of the four messages. */
export const LAYOUT = {
  /** 64 round constants, four copies each. */
  constants: 0,
  /** Constants plus schedule of the third block of a leaf, which is the same for all leaves. */
  leafEnd: 1024,
  initial: 2048,
  state: 2176,
  /** Sixteen words, and one more for the byte that a node has beyond its first block. */
  block: 2304,
  literals: 2576,
  /** Bytes that keep those of a message before MESSAGE_END, and drop those from it on. */
  keep: 2688,
  /** Zeros, but for the bit that ends a message at MESSAGE_END. */
  stop: 2896,
  /** First byte for the user of the memory. */
  free: 4096,
} as const;

/** Bytes of a leaf message: 0x00 takes the place of the LF of an entity line (RFC 9162, section 2.1.1). */
export const LEAF_BYTES = ENTITY_LINE_BYTES;
/** Words that are written into blocks, in the order of `literals`: a prefix, end bits, and a length in bits. */
export const LITERALS = {
  zero: 0,
  nodePrefix: 0x01000000,
  leafStop: 0x00008000,
  nodeStop: 0x00800000,
  nodeBits: 520,
} as const;

/** Bytes of a vector: one word of each of four messages. */
export const WORD = 16;

/** Where in `keep` and `stop` a message ends: up to 119 bytes before are used, and 72 from there on. */
export const MESSAGE_END = 128;
/** Bytes of `keep`, and of `stop`. */
export const END_TABLE_BYTES = 208;
