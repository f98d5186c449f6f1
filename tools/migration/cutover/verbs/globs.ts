import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { compareCodeUnits } from "../../integrity/order.ts";

/** Paths under `root` that a path with `*` and `?` stands for; a path without them, where it exists. */
export function matchingPaths(root: string, pattern: string): readonly string[] {
  const isAbsolute = pattern.startsWith("/");
  let found = [""];
  for (const part of pattern.split("/").filter((one) => one !== "" && one !== ".")) {
    found = found.flatMap((path) => below(isAbsolute ? "/" : root, path, part));
  }
  return found.map((path) => (isAbsolute ? `/${path}` : path)).sort(compareCodeUnits);
}

function below(root: string, path: string, part: string): string[] {
  const extend = (name: string): string => (path === "" ? name : `${path}/${name}`);
  if (!/[*?]/.test(part)) return existsSync(join(root, path, part)) ? [extend(part)] : [];
  const words = part
    .replace(/[\\^$.+()[\]{}|]/g, "\\$&")
    .replaceAll("*", "[^/]*")
    .replaceAll("?", "[^/]");
  const pattern = new RegExp(`^${words}$`);
  return namesIn(join(root, path))
    .filter((name) => pattern.test(name))
    .map(extend);
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
