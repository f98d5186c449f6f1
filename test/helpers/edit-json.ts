import { readFileSync, writeFileSync } from "node:fs";

/** Reads a JSON file, lets `change` edit it in place, and writes it back: on one line, or indented if it was. */
export function editJson<Content extends object>(path: string, change: (content: Content) => void): void {
  const text = readFileSync(path, "utf8");
  const content: Content = JSON.parse(text);
  change(content);
  const indent = text.trimEnd().includes("\n") ? 2 : undefined;
  writeFileSync(path, `${JSON.stringify(content, undefined, indent)}\n`);
}
