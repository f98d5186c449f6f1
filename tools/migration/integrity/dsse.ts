import { Buffer } from "node:buffer";
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { MigrationError } from "../model/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../model/json.ts";
import { canonicalize } from "./canonical.ts";
import { sha256Hex } from "./digest.ts";

/** Payload type of an in-toto statement. */
export const IN_TOTO = "application/vnd.in-toto+json";

/** A private Ed25519 key with the name that its signatures carry. */
export interface SigningKey {
  readonly key: KeyObject;
  readonly id: string;
}

/** The private key in a PEM text (PKCS #8); USAGE where it is not one of Ed25519. `file` is for messages. */
export function parseSigningKey(pem: string, file: string): SigningKey {
  const key = parseKey(() => createPrivateKey(pem), file, "a private Ed25519 key in PEM (PKCS #8)");
  return { key, id: keyId(createPublicKey(key)) };
}

/** The public key in a PEM text (SPKI; a private key also names it); USAGE where it is not one of Ed25519. */
export function parsePublicKey(pem: string, file: string): SigningKey {
  const key = parseKey(() => createPublicKey(pem), file, "a public Ed25519 key in PEM (SPKI)");
  return { key, id: keyId(key) };
}

/** `statement` in a signed DSSE envelope, as JSON text: its payload is canonical, so the same key gives the same bytes. */
export function signEnvelope(statement: JsonValue, { key, id }: SigningKey): string {
  const payload = Buffer.from(canonicalize(statement), "utf8");
  const sig = sign(null, preAuthentication(IN_TOTO, payload), key).toString("base64");
  const envelope = { payload: payload.toString("base64"), payloadType: IN_TOTO, signatures: [{ keyid: id, sig }] };
  return `${JSON.stringify(envelope)}\n`;
}

/** What an envelope holds, if it is one; `isSigned` tells whether `key` signed it. */
export function openEnvelope(
  text: string,
  key: SigningKey | undefined,
): { readonly statement: JsonObject; readonly isSigned: boolean } | undefined {
  const envelope = parse(text);
  if (!isJsonObject(envelope)) return undefined;
  const { payload, payloadType, signatures } = envelope;
  if (typeof payload !== "string" || payloadType !== IN_TOTO || !Array.isArray(signatures)) return undefined;
  const bytes = Buffer.from(payload, "base64");
  const statement = parse(bytes.toString("utf8"));
  if (!isJsonObject(statement)) return undefined;
  const message = preAuthentication(IN_TOTO, bytes);
  const isSigned = key !== undefined && signatures.some((one: JsonValue) => isSignature(one, message, key));
  return { statement, isSigned };
}

/** PAE of DSSE 1.0: lengths before each part, so that no two contents share one text. */
function preAuthentication(type: string, payload: Uint8Array): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `;
  return Buffer.concat([Buffer.from(head, "utf8"), payload]);
}

function isSignature(one: JsonValue, message: Buffer, { key, id }: SigningKey): boolean {
  if (!isJsonObject(one) || typeof one["sig"] !== "string") return false;
  // The name is a hint only: the signature decides.
  if (typeof one["keyid"] === "string" && one["keyid"] !== id) return false;
  return verify(null, message, key, Buffer.from(one["sig"], "base64"));
}

function keyId(publicKey: KeyObject): string {
  return sha256Hex(publicKey.export({ type: "spki", format: "der" }));
}

function parseKey(read: () => KeyObject, file: string, expected: string): KeyObject {
  let key: KeyObject | undefined;
  try {
    key = read();
  } catch {
    // Said below: nothing of a key file may get into a message.
  }
  if (key?.asymmetricKeyType === "ed25519") return key;
  throw new MigrationError("USAGE", {
    message: `${file} does not hold ${expected}.`,
    remedy: "`openssl genpkey -algorithm ed25519 -out key.pem` makes one.",
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
