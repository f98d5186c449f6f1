/** Begin and end of the value at a path in a strict JSON text that was parsed before and has this path. */
export function findJsonValue(text: string, path: readonly string[]): { readonly begin: number; readonly end: number } {
  let begin = skipBlanks(text, 0);
  for (const part of path)
    begin = text[begin] === "[" ? itemAt(text, begin, Number(part)) : memberAt(text, begin, part);
  return { begin, end: endOfValue(text, begin) };
}

function memberAt(text: string, begin: number, name: string): number {
  let at = skipBlanks(text, begin + 1);
  for (;;) {
    const end = endOfValue(text, at);
    const key: unknown = JSON.parse(text.slice(at, end));
    const value = skipBlanks(text, skipBlanks(text, end) + 1);
    if (key === name) return value;
    at = skipBlanks(text, skipBlanks(text, endOfValue(text, value)) + 1);
  }
}

function itemAt(text: string, begin: number, index: number): number {
  let at = skipBlanks(text, begin + 1);
  for (let n = 0; n < index; n += 1) at = skipBlanks(text, skipBlanks(text, endOfValue(text, at)) + 1);
  return at;
}

function endOfValue(text: string, begin: number): number {
  const first = text[begin];
  if (first === '"') return endOfText(text, begin);
  if (first !== "{" && first !== "[") return begin + (/^[^\s,\]}]+/.exec(text.slice(begin))?.[0].length ?? 0);
  let depth = 0;
  for (let at = begin; ; at += 1) {
    const char = text[at];
    if (char === '"') at = endOfText(text, at) - 1;
    else if (char === "{" || char === "[") depth += 1;
    else if (char === "}" || char === "]") depth -= 1;
    if (depth === 0) return at + 1;
  }
}

function endOfText(text: string, begin: number): number {
  for (let at = begin + 1; ; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === '"') return at + 1;
  }
}

function skipBlanks(text: string, begin: number): number {
  let at = begin;
  while (/\s/.test(text[at] ?? "")) at += 1;
  return at;
}
