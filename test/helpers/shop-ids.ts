import { createHash } from "node:crypto";
import { shopRecords } from "./shop.ts";
import { sortedJson } from "./sorted-json.ts";

/** The UUID that a record of the shop is given (RFC 9562 version 8), made without the toolkit. */
export function shopId(module: string, legacyId: string): string {
  const bytes = createHash("sha256").update(`${module}:${legacyId}`).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

const lines = shopRecords().order_lines.map((record) => {
  const legacyId = sortedJson([record["order_no"], record["line_no"]]);
  return { legacyId, id: shopId("order-lines", legacyId) };
});

/** The order lines in the order of the candidate; no entity refers to one, so damage to them stays by itself. */
export const ORDER_LINES: readonly { readonly legacyId: string; readonly id: string }[] = lines.sort((a, b) =>
  a.id < b.id ? -1 : 1,
);

/** Order line number `index` in the order of the candidate, counted from the end where negative. */
export function orderLine(index: number): { readonly legacyId: string; readonly id: string } {
  const found = ORDER_LINES.at(index);
  if (found === undefined) throw new RangeError(`the shop has no order line ${index}`);
  return found;
}
