import type { ByteWindow } from "../files/byte-window.ts";
import { BYTE, type ElementSpan } from "../files/element-span.ts";
import { MAX_LINE_BYTES } from "../integrity/limits.ts";
import { type RegistryFileName, registryInvalid } from "./registry-file.ts";

/**
 * Splits a JSONL file into the spans of its lines, LF excluded, while it is read.
 * Throws `REGISTRY_INVALID` for a last line without LF: it may be torn.
 */
export function* splitLines(window: ByteWindow, name: RegistryFileName): Generator<ElementSpan> {
  let begin = 0;
  let at = 0;
  for (let line = 1; ; line += 1) {
    let found = window.bytes.indexOf(BYTE.LF, at - window.base);
    while (found < 0) {
      at = window.end;
      if (at - begin > MAX_LINE_BYTES) throw tooLong(name, begin);
      if (!window.fill(begin)) {
        if (at > begin) throw registryInvalid(name, at, "expected LF after the last line, got the end of the file");
        return;
      }
      found = window.bytes.indexOf(BYTE.LF, at - window.base);
    }
    const end = window.base + found;
    if (end - begin > MAX_LINE_BYTES) throw tooLong(name, begin);
    yield { begin, end, line };
    begin = end + 1;
    at = begin;
  }
}

function tooLong(name: RegistryFileName, begin: number): Error {
  return registryInvalid(name, begin, `expected a line of at most ${MAX_LINE_BYTES} bytes, got a longer one`);
}
