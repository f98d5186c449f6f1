import { printableKey } from "../model/printable.ts";

/** One reference token of a JSON Pointer with its slash (RFC 6901, section 3), for people: a personal key is left out. */
export function pointerToken(key: string | number): string {
  return "/" + printableKey(String(key)).replaceAll("~", "~0").replaceAll("/", "~1");
}
