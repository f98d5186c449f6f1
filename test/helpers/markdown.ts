/** A fenced block of a document. */
export interface Block {
  /** The words behind the fence, e.g. `sh untested`. */
  readonly info: string;
  readonly text: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
}

/** The fenced blocks of a document, in order. */
export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  let open: { info: string; line: number; lines: string[] } | undefined;
  for (const [at, line] of markdown.split("\n").entries()) {
    if (open === undefined && line.startsWith("```")) open = { info: line.slice(3), line: at + 1, lines: [] };
    else if (open !== undefined && line === "```") {
      blocks.push({ info: open.info, line: open.line, text: `${open.lines.join("\n")}\n` });
      open = undefined;
    } else open?.lines.push(line);
  }
  if (open !== undefined) throw new Error(`the block of line ${open.line} has no end`);
  return blocks;
}

/** A document without its fenced blocks. */
export function proseOf(markdown: string): string {
  return markdown.replaceAll(/^```.*\n(?:(?!```).*\n)*```$/gm, "");
}

/** The rows of all tables whose first head cell is `head`, cells trimmed. */
export function tableOf(markdown: string, head: string): string[][] {
  const rows: string[][] = [];
  let inside = false;
  for (const line of proseOf(markdown).split("\n")) {
    const cells = line.startsWith("| ") ? line.split("|").slice(1, -1) : [];
    const row = cells.map((cell) => cell.trim());
    if (row.length === 0) inside = false;
    else if (row[0] === head) inside = true;
    else if (inside && !/^-+$/.test(row[0] ?? "")) rows.push(row);
  }
  return rows;
}

/** The words between backticks. */
export function codeWordsOf(text: string): string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? "");
}

/** The names that headings can be linked by. */
export function anchorsOf(markdown: string): string[] {
  return [...proseOf(markdown).matchAll(/^#+ (.*)$/gm)].map((match) =>
    (match[1] ?? "")
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** Targets of the links of a document, absolute addresses left out. */
export function linksOf(markdown: string): string[] {
  return [...proseOf(markdown).matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1] ?? "")
    .filter((target) => !/^[a-z]+:/.test(target));
}
