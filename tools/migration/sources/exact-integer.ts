import { MAX_SAFE } from "../integrity/limits.ts";

/** An integer as a number where that is exact, else as it is. */
export function shortest(value: bigint): number | bigint {
  return value <= MAX_SAFE && value >= -MAX_SAFE ? Number(value) : value;
}

/** The digits of an integer as a number where that is exact, else as a bigint. */
export function integerOf(digits: string): number | bigint {
  // 15 digits are always below 2^53.
  return digits.length <= 15 ? Number(digits) : shortest(BigInt(digits));
}
