import { readFileSync } from "node:fs";

/** The version of this package. */
export function toolVersion(): string {
  const description: unknown = JSON.parse(readFileSync(new URL("../../../../package.json", import.meta.url), "utf8"));
  const version = typeof description === "object" && description !== null ? Reflect.get(description, "version") : "";
  return String(version);
}
