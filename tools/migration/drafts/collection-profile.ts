import type { CellForm } from "../model/cell-form.ts";
import { type ColumnFacts, ColumnProfile } from "./column-profile.ts";

/** What is known of a column before it is read. */
export interface KnownColumn {
  readonly declared: string | undefined;
  readonly labels: readonly string[] | undefined;
}

/** How a collection is looked at. */
export interface ProfileOptions {
  readonly form: CellForm;
  /** What the catalog says; columns that it does not name are found in the records. */
  readonly columns: ReadonlyMap<string, KnownColumn>;
  readonly looksPersonal: (text: string) => boolean;
  /** True where no catalog names a key, so that one has to be guessed. */
  readonly guessKey: boolean;
}

/** Columns of a collection that a key is looked for in, and values of each that are remembered: beyond them no key is seen. */
const KEY_COLUMNS = 8;
const MOST_KEYS = 10_000_000;

/** Looks at all records of a collection in flat memory, but for the values of a key that has to be guessed. */
export class CollectionProfile {
  readonly #options: ProfileOptions;
  readonly #columns = new Map<string, ColumnProfile>();
  /** Values seen of columns that may still be a key. */
  readonly #keys = new Map<string, Set<unknown>>();
  #records = 0;

  constructor(options: ProfileOptions) {
    this.#options = options;
    for (const name of options.columns.keys()) this.#column(name);
  }

  get records(): number {
    return this.#records;
  }

  /** Takes one record; false where it is none. */
  add(record: unknown): boolean {
    if (typeof record !== "object" || record === null || Array.isArray(record)) return false;
    const names = Object.keys(record);
    for (const name of names) this.#column(name).add(Reflect.get(record, name));
    if (this.#options.guessKey) this.#narrowKeys(record);
    this.#records += 1;
    return true;
  }

  /** What was found, by column; a column that a record lacks holds nothing there. */
  facts(): ReadonlyMap<string, ColumnFacts> {
    return new Map(
      [...this.#columns].map(([name, column]) => {
        const { facts, seen } = column;
        return [name, { ...facts, nulls: facts.nulls + this.#records - seen }] as const;
      }),
    );
  }

  /** The column that is most likely the key: every record has it, no two the same; `id` before others. */
  guessedKey(): string | undefined {
    const names = [...this.#keys.keys()];
    return (
      names.find((name) => /^_?id$/i.test(name)) ??
      names.find((name) => /id$|no$|number$|code$|key$/i.test(name)) ??
      names[0]
    );
  }

  #column(name: string): ColumnProfile {
    const known = this.#columns.get(name);
    if (known !== undefined) return known;
    const { form, columns, looksPersonal, guessKey } = this.#options;
    const column = columns.get(name);
    const made = new ColumnProfile(form, column?.declared, { labels: column?.labels, looksPersonal });
    this.#columns.set(name, made);
    if (guessKey && this.#records === 0 && this.#keys.size < KEY_COLUMNS) this.#keys.set(name, new Set());
    return made;
  }

  #narrowKeys(record: object): void {
    for (const [name, seen] of this.#keys) {
      const value: unknown = Reflect.get(record, name);
      const isKey = (typeof value === "string" && value !== "") || Number.isSafeInteger(value);
      if (isKey && !seen.has(value) && seen.size < MOST_KEYS) seen.add(value);
      else this.#keys.delete(name);
    }
  }
}
