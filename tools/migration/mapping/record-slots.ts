/** The values of one record by position, wherever they come from: an object, or a row under shared column names. */
export class RecordSlots {
  /** The values of the present record, in the order of the names. */
  readonly values: unknown[];
  readonly #names: readonly string[];
  readonly #known: ReadonlySet<string>;
  #columns: readonly string[] | undefined;
  /** Column of each name; -1 where the rows have none. */
  #positions: readonly number[] = [];
  #unknown: readonly string[] = [];

  /** `names` are those that mapping reads; `known` also those that it may pass over. */
  constructor(names: readonly string[], known: ReadonlySet<string>) {
    this.#names = names;
    this.#known = known;
    this.values = new Array<unknown>(names.length).fill(undefined);
  }

  /** Takes an object; gives the names that mapping does not know. */
  takeObject(record: object): readonly string[] {
    for (let slot = 0; slot < this.#names.length; slot += 1) {
      const name = this.#names[slot] ?? "";
      this.values[slot] = Object.hasOwn(record, name) ? Reflect.get(record, name) : undefined;
    }
    return Object.keys(record).filter((name) => !this.#known.has(name));
  }

  /** Takes a row; gives the columns that mapping does not know. */
  takeRow(columns: readonly string[], row: readonly unknown[]): readonly string[] {
    if (this.#columns !== columns) this.#bind(columns);
    for (let slot = 0; slot < this.#names.length; slot += 1) this.values[slot] = row[this.#positions[slot] ?? -1];
    return this.#unknown;
  }

  #bind(columns: readonly string[]): void {
    this.#columns = columns;
    this.#positions = this.#names.map((name) => columns.indexOf(name));
    this.#unknown = columns.filter((name) => !this.#known.has(name));
  }
}
