import { sha256Hex } from "../integrity/digest.ts";
import { MigrationError } from "../model/errors.ts";
import { isLegacyId } from "./legacy-id.ts";

/**
 * The UUID of version 8 for a legacy id: the first 16 bytes of SHA-256 of `<module>:<legacyId>` in UTF-8, version and
 * variant set (RFC 9562, section 5.8). Throws `VALUE_INVALID` for an empty legacy id or a lone surrogate.
 */
export function deriveUuid(module: string, legacyId: string): string {
  if (!isLegacyId(legacyId)) {
    throw new MigrationError("VALUE_INVALID", {
      message: `Deriving a UUID for ${module}: expected a legacy id of well-formed text, got ${legacyId === "" ? "an empty one" : "a lone surrogate"}.`,
      remedy: "Mend the legacy key in the source; dry-run names the record.",
    });
  }
  const hex = sha256Hex(`${module}:${legacyId}`);
  const variant = "89ab".charAt(Number.parseInt(hex.charAt(16), 16) & 0b11);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
