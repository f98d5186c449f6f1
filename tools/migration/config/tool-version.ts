import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "./package-root.ts";

/** The version of this package. */
export function toolVersion(): string {
  const description: unknown = JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8"));
  const version = typeof description === "object" && description !== null ? Reflect.get(description, "version") : "";
  return String(version);
}
