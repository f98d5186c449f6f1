const LONGEST_LINE = 100;

/** JSON as a person writes it: two blanks of indent, and what is short on one line. Ends with LF. */
export function prettyJson(value: object): string {
  return `${textOf(value, "", 0)}\n`;
}

/** The text of a value at an indent, behind `before` characters on its line. */
function textOf(value: unknown, indent: string, before: number): string {
  const short = inline(value);
  const isPart = indent !== "";
  if (typeof value !== "object" || value === null) return short;
  if (isPart && !isDeep(value) && before + short.length <= LONGEST_LINE) return short;
  const deeper = `${indent}  `;
  const isList = Array.isArray(value);
  const parts = Object.entries(value).map(([name, part]) => {
    const head = isList ? deeper : `${deeper}${JSON.stringify(name)}: `;
    return head + textOf(part, deeper, head.length);
  });
  const [open, close] = isList ? ["[", "]"] : ["{", "}"];
  return parts.length === 0 ? open + close : `${open}\n${parts.join(",\n")}\n${indent}${close}`;
}

function isDeep(value: object): boolean {
  return Object.values(value).some((part) => typeof part === "object" && part !== null && !Array.isArray(part));
}

function inline(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(inline).join(", ")}]`;
  const parts = Object.entries(value).map(([name, part]) => `${JSON.stringify(name)}: ${inline(part)}`);
  return parts.length === 0 ? "{}" : `{ ${parts.join(", ")} }`;
}
