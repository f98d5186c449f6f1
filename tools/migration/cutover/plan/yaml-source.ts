import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import type { JsonValue } from "../../model/json.ts";
import type { LintBook } from "./lint-book.ts";

/** A plan as read: the value, and where each part of it stands. */
export interface YamlSource {
  readonly value: JsonValue;
  /** Line of the part at a JSON Pointer, or of the nearest part around it. */
  readonly lineOf: (pointer: string) => number;
  /** A number as the plan writes it (`007` stays `007`), or undefined. */
  readonly writtenAt: (pointer: string) => string | undefined;
}

const FINITE = Number.isFinite;

/** Reads strict YAML 1.2: unique keys, no tags, anchors or merge keys, one document; undefined after noting problems. */
export function readYaml(text: string, book: LintBook): YamlSource | undefined {
  const counter = new LineCounter();
  const document = parseDocument(text, { version: "1.2", uniqueKeys: true, strict: true, lineCounter: counter });
  for (const fault of [...document.errors, ...document.warnings]) {
    book.error(counter.linePos(fault.pos[0]).line, "", `YAML: ${firstLine(fault.message)}`);
  }
  const reader = new Reader(counter, book);
  const value = reader.read(document.contents, "");
  if (book.errors > 0 || value === undefined) return undefined;
  return { value, lineOf: reader.lineOf, writtenAt: (pointer) => reader.written.get(pointer) };
}

class Reader {
  readonly #counter: LineCounter;
  readonly #book: LintBook;
  readonly #lines = new Map<string, number>();
  readonly written = new Map<string, string>();

  constructor(counter: LineCounter, book: LintBook) {
    this.#counter = counter;
    this.#book = book;
  }

  read(node: unknown, pointer: string): JsonValue | undefined {
    if (!isNode(node)) return null;
    const line = this.#place(node, pointer);
    this.#refuse(node, pointer, line);
    if (isMap(node)) return this.#map(node.items, pointer);
    if (isSeq(node)) return node.items.map((item, at) => this.read(item, `${pointer}/${at}`) ?? null);
    if (isScalar(node)) return this.#scalar(node, pointer, line);
    return undefined;
  }

  readonly lineOf = (pointer: string): number => {
    for (let at = pointer; ; at = at.slice(0, at.lastIndexOf("/"))) {
      const line = this.#lines.get(at);
      if (line !== undefined) return line;
      if (at === "") return 1;
    }
  };

  #map(items: readonly { readonly key: unknown; readonly value: unknown }[], pointer: string): JsonValue {
    const entries = items.map(({ key, value }) => {
      const name = isScalar(key) ? String(key.value) : "";
      const line = isNode(key) ? this.#place(key, pointerOf(pointer, name)) : 1;
      if (!isScalar(key) || typeof key.value !== "string") this.#book.error(line, pointer, "a key must be text");
      if (name === "<<") this.#book.error(line, pointer, "merge keys are not allowed: write it out");
      return [name, this.read(value, pointerOf(pointer, name)) ?? null] as const;
    });
    return Object.fromEntries(entries);
  }

  #scalar(node: { readonly value: unknown; readonly source?: string }, pointer: string, line: number): JsonValue {
    const { value } = node;
    if (typeof value === "number") {
      if (!FINITE(value)) this.#book.error(line, pointer, "not a finite number: put it in quotes if it is text");
      this.written.set(pointer, node.source ?? String(value));
      return value;
    }
    if (value === null || typeof value === "boolean" || typeof value === "string") return value;
    this.#book.error(line, pointer, "neither text, number, yes or no");
    return null;
  }

  #refuse(node: Node, pointer: string, line: number): void {
    if (isAlias(node)) this.#book.error(line, pointer, "aliases are not allowed: write it out");
    else if ("anchor" in node && node.anchor !== undefined) this.#book.error(line, pointer, "anchors are not allowed");
    if (node.tag !== undefined && node.tag !== null && !isImplied(node.tag)) {
      this.#book.error(line, pointer, "tags are not allowed");
    }
  }

  #place(node: Node, pointer: string): number {
    const line = this.#counter.linePos(node.range?.[0] ?? 0).line;
    if (!this.#lines.has(pointer)) this.#lines.set(pointer, line);
    return this.#lines.get(pointer) ?? line;
  }
}

// The parser gives collections the tag of their kind when they have none.
function isImplied(tag: string): boolean {
  return tag === "tag:yaml.org,2002:map" || tag === "tag:yaml.org,2002:seq";
}

/** The pointer of a member. */
export function pointerOf(parent: string, key: string): string {
  return `${parent}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

function firstLine(text: string): string {
  return (text.split("\n")[0] ?? text).replace(/ at line \d+, column \d+:?$/, "");
}
