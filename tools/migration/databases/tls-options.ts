import type { ConnectionOptions } from "node:tls";
import type { TlsSettings } from "./server-place.ts";

/** TLS settings as the drivers take them; undefined for a connection in plain text. */
export function tlsOptions({ mode, ca, cert, key }: TlsSettings): ConnectionOptions | undefined {
  if (mode === "disable") return undefined;
  return {
    rejectUnauthorized: mode !== "require",
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(mode === "verify-full" ? {} : { checkServerIdentity: () => undefined }),
  };
}
