/** The types of values, by their opcodes (WebAssembly core specification, section 5.3). */
export const VALUE_TYPES = { i32: 0x7f, i64: 0x7e, f64: 0x7c, v128: 0x7b } as const;

/** Instructions without operands, by their opcodes (section 5.4). */
export const PLAIN = {
  select: 0x1b,
  "i32.eqz": 0x45,
  "i32.eq": 0x46,
  "i32.ne": 0x47,
  "i32.lt_u": 0x49,
  "i32.gt_u": 0x4b,
  "i32.le_u": 0x4d,
  "i32.ge_u": 0x4f,
  "i64.eqz": 0x50,
  "i64.ne": 0x52,
  "i64.or": 0x84,
  "f64.eq": 0x61,
  "f64.lt": 0x63,
  "f64.gt": 0x64,
  "f64.le": 0x65,
  "f64.ge": 0x66,
  "i32.ctz": 0x68,
  "i32.add": 0x6a,
  "i32.sub": 0x6b,
  "i32.mul": 0x6c,
  "i32.and": 0x71,
  "i32.or": 0x72,
  "i32.xor": 0x73,
  "i32.shl": 0x74,
  "i32.shr_u": 0x76,
  "i64.add": 0x7c,
  "i64.mul": 0x7e,
  "i64.and": 0x83,
  "i64.xor": 0x85,
  "f64.abs": 0x99,
  "f64.neg": 0x9a,
  "f64.floor": 0x9c,
  "f64.trunc": 0x9d,
  "f64.div": 0xa3,
  "i64.extend_i32_u": 0xad,
  "f64.convert_i64_u": 0xba,
} as const;

/** Loads and stores, with an offset each. */
export const ACCESSES = {
  "i32.load": 0x28,
  "i64.load": 0x29,
  "f64.load": 0x2b,
  "i32.load8_u": 0x2d,
  "i32.load16_u": 0x2f,
  "i32.store": 0x36,
  "i64.store": 0x37,
  "f64.store": 0x39,
  "i32.store8": 0x3a,
} as const;

/** Instructions on vectors. */
export const VECTOR = {
  "i8x16.eq": 0x23,
  "i8x16.ne": 0x24,
  "i8x16.lt_u": 0x26,
  "i8x16.le_u": 0x2a,
  "v128.and": 0x4e,
  "v128.or": 0x50,
  "v128.xor": 0x51,
  "v128.any_true": 0x53,
  "i8x16.all_true": 0x63,
  "i8x16.bitmask": 0x64,
  "i8x16.add": 0x6e,
  "i8x16.sub": 0x71,
} as const;
