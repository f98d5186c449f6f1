import { closeSync, fstatSync, openSync, readSync } from "node:fs";

const LF = 10;
const PROBE_BYTES = 64 * 1024;
/** A rest as short as this is no span of its own: behind the last entry of a registry is only its bracket. */
const SHORT_REST_BYTES = 64;

/** A run of whole lines of a file, in bytes. */
export interface LineSpan {
  readonly offset: number;
  readonly length: number;
}

/** Cuts a file into spans of whole lines, each of about `spanBytes`; a short rest, or a last line without LF, belongs to the last span. */
export function cutLines(path: string, spanBytes: number): LineSpan[] {
  const descriptor = openSync(path, "r");
  try {
    const { size } = fstatSync(descriptor);
    const spans: LineSpan[] = [];
    for (let offset = 0; offset < size; ) {
      const cut = offset + spanBytes >= size ? size : lineEnd(descriptor, offset + spanBytes, size);
      const end = size - cut <= SHORT_REST_BYTES ? size : cut;
      spans.push({ offset, length: end - offset });
      offset = end;
    }
    return spans;
  } finally {
    closeSync(descriptor);
  }
}

function lineEnd(descriptor: number, from: number, size: number): number {
  const probe = Buffer.allocUnsafe(PROBE_BYTES);
  for (let at = from; at < size; ) {
    const got = readSync(descriptor, probe, 0, PROBE_BYTES, at);
    if (got === 0) return size;
    const lf = probe.subarray(0, got).indexOf(LF);
    if (lf >= 0) return at + lf + 1;
    at += got;
  }
  return size;
}
