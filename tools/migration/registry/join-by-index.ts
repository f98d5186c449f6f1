/** Bytes of a number below 2^48 in a record that is sorted. */
export const NUMBER_BYTES = 6;

/** Writes a number from 0 to 2^48 - 1 so that bytes sort as the numbers do. */
export function putNumber(target: Buffer, value: number, at: number): void {
  target.writeUIntBE(value, at, NUMBER_BYTES);
}

/** Reads what `putNumber` wrote. */
export function numberAt(source: Buffer, at: number): number {
  return source.readUIntBE(at, NUMBER_BYTES);
}

/** Hands over each value whose index (from 0) a record begins with, beside the record; both ascend by index. */
export function joinByIndex<T>(
  values: Iterable<T>,
  records: Iterable<Buffer>,
  use: (value: T, record: Buffer, index: number) => void,
): void {
  const rest = records[Symbol.iterator]();
  let next = rest.next();
  if (next.done === true) return;
  let index = 0;
  for (const value of values) {
    for (; next.done !== true && numberAt(next.value, 0) === index; next = rest.next()) use(value, next.value, index);
    if (next.done === true) return;
    index += 1;
  }
}
