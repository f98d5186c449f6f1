// Controls, and the marks that turn the direction of text around or hide it.
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff]/g;
// JSON has escaped the controls below a blank by itself; a line feed is its own layout.
const HIDDEN_IN_JSON = /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff]/g;

/** `text` on one line, with controls (ANSI, bells, direction marks) as `\xNN` or `\uNNNN`, which no terminal obeys. */
export function visible(text: string): string {
  return text.replace(/\r?\n/g, " ⏎ ").replace(/\t/g, " ").replace(HIDDEN, escapeOf).trim();
}

/** JSON text whose strings hold no character that a terminal or an editor obeys. */
export function visibleJson(json: string): string {
  return json.replace(HIDDEN_IN_JSON, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Text of others inside a sentence or a cell: nothing in it is markup. */
export function plain(text: string): string {
  return visible(text).replace(/[\\`*_[\]<>|#~]/g, "\\$&");
}

/** Text of others as code, with a fence that is longer than any run of backticks in it. */
export function code(text: string): string {
  const shown = visible(text);
  if (shown === "") return "";
  const longest = Math.max(0, ...[...shown.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  const pad = longest > 0 ? " " : "";
  return `${fence}${pad}${shown}${pad}${fence}`;
}

/** Code inside a cell: the bar would end the cell even there. */
export function codeCell(text: string): string {
  return code(text).replaceAll("|", "\\|");
}

/** A block of code, with the fence that its content needs. */
export function codeBlock(language: string, text: string): string {
  const lines = text.split(/\r?\n/).map((line) => line.replace(/\t/g, "  ").replace(HIDDEN, escapeOf));
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${lines.join("\n").trimEnd()}\n${fence}`;
}

/** A table; cells are markdown already. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => (cell === "" ? " " : cell)).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function escapeOf(char: string): string {
  const number = char.charCodeAt(0);
  return number < 256 ? `\\x${number.toString(16).padStart(2, "0")}` : `\\u${number.toString(16).padStart(4, "0")}`;
}
