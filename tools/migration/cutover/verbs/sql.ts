import { MigrationError } from "../../model/errors.ts";
import type { SqlVerb } from "../plan/action.ts";
import { resultAt, stamp } from "./results.ts";
import { commandSpec, findCommand, runCommand } from "./shell.ts";
import { fill, fillShown } from "./values.ts";
import type { VerbContext, VerbDriver } from "./verb.ts";

/** `sql`: a statement on the stdin of the plan's client command for that database. */
export const sqlDriver: VerbDriver<SqlVerb> = {
  prepare: async (verb, context) => ({ text: `${verb.db}: ${fillShown(verb.statement, context)}`, preImage: null }),
  run: (verb, context) => runCommand(clientOf(verb, context), context),
  recover: async (verb, context) => {
    const result = await findCommand(clientOf(verb, context), context);
    if (result?.outcome !== "unknown") return result;
    if (verb.isRead) return undefined;
    const reason = `it may have reached the database: ${fillShown(verb.statement, context)}`;
    return { ...resultAt(stamp(context), context, { outcome: "unknown", reason }), recovered: true };
  },
};

function clientOf(verb: SqlVerb, context: VerbContext) {
  const command = context.dbs.get(verb.db);
  if (command === undefined) {
    throw new MigrationError("REFUSED", { message: `The plan has no database ${verb.db}.` });
  }
  const statement = fill(verb.statement, context);
  return commandSpec(
    { text: command, on: undefined, input: statement.endsWith("\n") ? statement : `${statement}\n` },
    context,
  );
}
