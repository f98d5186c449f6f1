import { MigrationError } from "../../model/errors.ts";
import { placeOfServer, placeOfUrl } from "../../operations/database-place.ts";
import { fill } from "./values.ts";
import type { VerbContext } from "./verb.ts";

/** Where a database of the plan is; undefined where the plan names a client command. REFUSED, CONFIG_INVALID. */
export function serverNamed(name: string, context: VerbContext) {
  const { root, environment: env } = context;
  const database = context.dbs.get(name);
  if (database === undefined) throw new MigrationError("REFUSED", { message: `The plan has no database ${name}.` });
  if (database.kind === "server") return placeOfServer(database, { root, env });
  return placeOfUrl(fill(database.text, context), { root, env });
}
