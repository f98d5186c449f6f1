import { type TypeReader, typeReader } from "../mapping/canonical-types.ts";
import { FAILED } from "../mapping/transforms.ts";
import type { CellForm } from "../model/cell-form.ts";

/** What the values of a column turned out to be. */
export interface ColumnFacts {
  /** The first type that reads every value; undefined where none does. */
  readonly type: string | undefined;
  /** Records in which the column holds nothing. */
  readonly nulls: number;
  /** True where every value is one of the labels. */
  readonly isLabelled: boolean;
  /** True where a text looks like a mail address, phone, account or card number. */
  readonly isPersonal: boolean;
}

/** Texts of a column that the detectors look at: a guess need not see all of them. */
const TEXTS_LOOKED_AT = 500;

/** Types to try where the declared one does not read a value, from the narrow to the wide. */
const ANY: Readonly<Record<CellForm, readonly string[]>> = {
  cells: ["integer", "bigint", "number", "decimal", "string", "bytes"],
  // A text of 0 and 1 is no boolean, and one with an offset is kept with it.
  text: ["integer", "bigint", "decimal", "date", "timestamp", "uuid", "string"],
  json: ["boolean", "integer", "number", "date", "timestamp", "uuid", "string", "json"],
};

const WIDER: Readonly<Record<string, readonly string[]>> = {
  integer: ["bigint"],
  date: ["timestamp"],
  timestamptz: ["timestamp"],
  string: ["string"],
};

/** Looks at every value of one column in flat memory: which types read all of them, and what they look like. */
export class ColumnProfile {
  #alive: { readonly type: string; readonly read: TypeReader }[];
  readonly #labels: ReadonlySet<unknown> | undefined;
  readonly #looksPersonal: (text: string) => boolean;
  #nulls = 0;
  #seen = 0;
  #isLabelled = true;
  #isPersonal = false;
  #texts = 0;

  constructor(
    form: CellForm,
    declared: string | undefined,
    options: {
      readonly labels: readonly string[] | undefined;
      readonly looksPersonal: (text: string) => boolean;
    },
  ) {
    this.#alive = candidates(form, declared).map((type) => ({ type, read: typeReader(type, form) }));
    this.#labels = options.labels === undefined ? undefined : new Set(options.labels);
    this.#looksPersonal = options.looksPersonal;
  }

  /** Takes the value of one record. */
  add(value: unknown): void {
    this.#seen += 1;
    if (value === null || value === undefined) {
      this.#nulls += 1;
      return;
    }
    if (this.#alive.some(({ read }) => read(value) === FAILED)) {
      this.#alive = this.#alive.filter(({ read }) => read(value) !== FAILED);
    }
    if (this.#labels?.has(value) === false) this.#isLabelled = false;
    if (typeof value !== "string" || this.#texts >= TEXTS_LOOKED_AT || this.#isPersonal) return;
    this.#texts += 1;
    this.#isPersonal = this.#looksPersonal(value);
  }

  /** Records that named the column. */
  get seen(): number {
    return this.#seen;
  }

  get facts(): ColumnFacts {
    const [first] = this.#alive;
    return { type: first?.type, nulls: this.#nulls, isLabelled: this.#isLabelled, isPersonal: this.#isPersonal };
  }
}

function candidates(form: CellForm, declared: string | undefined): readonly string[] {
  if (declared === undefined) return ANY[form];
  const base = declared.replace(/\(.*\)/, "");
  const wider = base === declared ? (WIDER[base] ?? []) : [base];
  return [...new Set([declared, ...wider, ...ANY[form]])];
}
