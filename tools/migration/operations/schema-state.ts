import { MigrationError } from "../model/errors.ts";

/** The two schemas of an exchange. */
export interface SchemaNames {
  /** The name that is live. */
  readonly schema: string;
  /** The name of what shall become live. */
  readonly to: string;
}

/** What stands under each of the two names, by identities that outlive a change of name; null where nothing does. */
export interface SchemaState {
  readonly schema: string | null;
  readonly to: string | null;
}

/** The state that an exchange leaves: the same two, each under the other's name. */
export function exchanged(state: SchemaState): SchemaState {
  return { schema: state.to, to: state.schema };
}

/** True where both names hold the same. */
export function isSameState(left: SchemaState, right: SchemaState): boolean {
  return left.schema === right.schema && left.to === right.to;
}

/** Refuses unless both names hold what was recorded; POINTER_MOVED. */
export function expectState(flip: SchemaNames, expected: SchemaState, found: SchemaState): void {
  if (isSameState(expected, found)) return;
  const words = ({ schema, to }: SchemaState): string =>
    `${flip.schema} = ${schema ?? "absent"}, ${flip.to} = ${to ?? "absent"}`;
  throw new MigrationError("POINTER_MOVED", {
    message: `The schemas are not what was recorded: expected ${words(expected)}; got ${words(found)}.`,
    remedy: "Find out who renamed or made one of them, then decide anew.",
  });
}
