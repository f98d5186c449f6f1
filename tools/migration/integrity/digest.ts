import { Buffer } from "node:buffer";
import { hash } from "node:crypto";

/** The root of no entities: SHA-256 of nothing (RFC 9162, section 2.1.1). */
export const EMPTY_ROOT_HEX = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

const ENTITY_LINE =
  /^\{"id":"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})","sha256":"([0-9a-f]{64})"\}$/;

/** SHA-256 in lower-case hex; a string counts as its UTF-8 bytes. */
export function sha256Hex(data: string | Uint8Array): string {
  return hash("sha256", data, "hex");
}

/** SHA-256 as 32 bytes; a string counts as its UTF-8 bytes. */
export function sha256(data: string | Uint8Array): Buffer {
  return hash("sha256", data, "buffer");
}

/** The 121 characters of one line of entities.jsonl, without LF: d_i of FORMATS.md, section 3. */
export function entityLine(id: string, sha256Hex: string): string {
  return `{"id":"${id}","sha256":"${sha256Hex}"}`;
}

/** Reads one line of entities.jsonl, without LF; undefined unless it is exactly of that form. */
export function parseEntityLine(line: string): { readonly id: string; readonly sha256: string } | undefined {
  const [, id, sha256] = ENTITY_LINE.exec(line) ?? [];
  return id === undefined || sha256 === undefined ? undefined : { id, sha256 };
}

/** The Merkle leaf of `data`: SHA-256(0x00 || data) (RFC 9162, section 2.1.1). */
export function leafHash(data: string | Uint8Array): Buffer {
  if (typeof data === "string") return sha256("\0" + data);
  const input = Buffer.allocUnsafe(data.length + 1);
  input[0] = 0;
  input.set(data, 1);
  return sha256(input);
}

const pair = Buffer.alloc(65, 1);

/** The Merkle node over two children of 32 bytes: SHA-256(0x01 || left || right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  pair.set(left, 1);
  pair.set(right, 33);
  return sha256(pair);
}
