import type { SqlVerb } from "../plan/action.ts";
import { serverNamed } from "./database.ts";
import { resultAt, stamp } from "./results.ts";
import { commandSpec, findCommand, runCommand } from "./shell.ts";
import { assertLiterals, recoverTransaction, runInTransaction } from "./sql-transaction.ts";
import { fill, fillShown } from "./values.ts";
import type { VerbContext, VerbDriver } from "./verb.ts";

/** `sql`: a statement in a transaction over a connection of this tool, or on the stdin of the plan's client command. */
export const sqlDriver: VerbDriver<SqlVerb> = {
  prepare: async (verb, context) => {
    if (serverNamed(verb.db, context) !== undefined) assertLiterals(verb.statement, context);
    return { text: `${verb.db}: ${fillShown(verb.statement, context)}`, preImage: null };
  },
  run: (verb, context) => {
    const place = serverNamed(verb.db, context);
    return place === undefined ? runCommand(clientOf(verb, context), context) : runInTransaction(place, verb, context);
  },
  recover: async (verb, context) => {
    const place = serverNamed(verb.db, context);
    if (place !== undefined) return await recoverTransaction(place, verb, context);
    const result = await findCommand(clientOf(verb, context), context);
    if (result?.outcome !== "unknown") return result;
    if (verb.isRead) return undefined;
    const reason = `it may have reached the database: ${fillShown(verb.statement, context)}`;
    return { ...resultAt(stamp(context), context, { outcome: "unknown", reason }), recovered: true };
  },
};

function clientOf(verb: SqlVerb, context: VerbContext) {
  const database = context.dbs.get(verb.db);
  const statement = fill(verb.statement, context);
  return commandSpec(
    {
      text: database?.kind === "text" ? database.text : "",
      on: undefined,
      input: statement.endsWith("\n") ? statement : `${statement}\n`,
    },
    context,
  );
}
