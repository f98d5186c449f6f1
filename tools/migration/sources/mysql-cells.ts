import { isUtf8 } from "node:buffer";
import type { MysqlField } from "../databases/mysql-session.ts";
import { UNREADABLE_TEXT } from "../model/source-record.ts";
import { integerOf } from "./exact-integer.ts";

/** How a column is read from the bytes that the server sent. */
export type MysqlKind = "text" | "integer" | "float" | "single" | "bytes" | "bits" | "zoned";

/** Numbers of types in the protocol. */
const INTEGERS = new Set([1, 2, 3, 8, 9, 13]);
const [SINGLE, DOUBLE, ZONED, BITS] = [4, 5, 7, 16];
/** Strings and BLOBs; 242 is VECTOR of MySQL 9. */
const BYTE_TYPES = new Set([242, 249, 250, 251, 252, 253, 254, 255]);
const BINARY = 63;

/** How a column of a result is read. */
export function mysqlKind({ type, charset }: MysqlField): MysqlKind {
  if (INTEGERS.has(type)) return "integer";
  if (type === SINGLE) return "single";
  if (type === DOUBLE) return "float";
  if (type === ZONED) return "zoned";
  if (type === BITS) return "bits";
  return charset === BINARY && BYTE_TYPES.has(type) ? "bytes" : "text";
}

/** The reader of a column's cells that are not NULL; `width` is the number of bits of a BIT. */
export function mysqlReader(kind: MysqlKind, width: number): (bytes: Buffer) => unknown {
  switch (kind) {
    case "integer":
      return (bytes) => integerOf(bytes.toString("latin1"));
    case "float":
      return (bytes) => Number(bytes.toString("latin1"));
    case "single":
      return (bytes) => shortestSingle(Number(bytes.toString("latin1")));
    case "bytes":
      // The driver hands out views of its own packets.
      return (bytes) => Buffer.from(bytes);
    case "bits":
      return (bytes) =>
        (bytes.length === 0 ? 0n : BigInt(`0x${bytes.toString("hex")}`)).toString(2).padStart(width, "0");
    case "zoned":
      return (bytes) => withZone(bytes.toString("latin1"));
    case "text":
      return readText;
  }
}

function readText(bytes: Buffer): unknown {
  const text = bytes.toString("utf8");
  return text.includes("\ufffd") && !isUtf8(bytes) ? UNREADABLE_TEXT : text;
}

/** The session is in UTC, but a zero date is no point in time. */
function withZone(text: string): string {
  return text.startsWith("0000-00-00") ? text : `${text}+00`;
}

/** The shortest number that is the same in 32 bits, as PostgreSQL prints it: 0.1 for 0.10000000149011612. */
function shortestSingle(value: number): number {
  for (let digits = 6; digits <= 9; digits += 1) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}
