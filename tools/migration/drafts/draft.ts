/** What `init` proposes for one field before it has seen a value. */
export interface FieldDraft {
  readonly name: string;
  /** The source column; several where the field is a reference by a key of several columns. */
  readonly columns: readonly string[];
  /** The canonical type that the catalog speaks of; undefined where nothing declares one. */
  readonly declared: string | undefined;
  /** The type as the database names it, for messages. */
  readonly databaseType: string;
  /** True where the source itself refuses nothing in its place. */
  readonly required: boolean;
  /** Module that it points at. */
  readonly ref: string | undefined;
  /** The labels of an enumeration. */
  readonly labels: readonly string[] | undefined;
}

/** What `init` proposes for one table before it has seen a record. */
export interface ModuleDraft {
  readonly name: string;
  readonly collection: string;
  readonly key: readonly string[];
  readonly fields: readonly FieldDraft[];
}

/** A table or view that becomes no module, and what a person can do about it. */
export interface LeftOut {
  readonly name: string;
  readonly why: string;
  readonly remedy: string;
}

/** A whole proposal. */
export interface Draft {
  /** Referred modules before those that refer to them, as far as references go in no circle. */
  readonly modules: readonly ModuleDraft[];
  readonly leftOut: readonly LeftOut[];
  /** What a person should look at, one sentence each. */
  readonly notes: readonly string[];
}
