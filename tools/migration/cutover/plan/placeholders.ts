const PLACEHOLDER = /\$?\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

/** The names in the `${name}` of a text; `$${name}` is a literal and names nothing. */
export function namesIn(text: string): readonly string[] {
  const names = [...text.matchAll(PLACEHOLDER)]
    .filter(([whole]) => !whole.startsWith("$$"))
    .map(([, name]) => name ?? "");
  return [...new Set(names)];
}

/** The text with each `${name}` replaced by its value; `$${` becomes a literal `${`. */
export function substitute(text: string, valueFor: (name: string) => string): string {
  return text.replace(PLACEHOLDER, (whole, name: string) => (whole.startsWith("$$") ? whole.slice(1) : valueFor(name)));
}

/** Names a shell script gives values to by itself: `name=`, `for name in`, `read name`. */
export function shellNames(script: string): ReadonlySet<string> {
  const assigned = script.matchAll(/(?:^|[\s;&|({])(?:export\s+|local\s+)?([A-Za-z_][A-Za-z0-9_]*)\+?=/g);
  const looped = script.matchAll(/\b(?:for|read(?:\s+-r)?|mapfile(?:\s+-t)?)\s+([A-Za-z_][A-Za-z0-9_]*)/g);
  return new Set([...assigned, ...looped].map(([, name]) => name ?? ""));
}
