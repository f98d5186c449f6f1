import { MigrationError } from "../../model/errors.ts";
import type { JsonObject, JsonValue } from "../../model/json.ts";
import { applySchemaFlip, prepareSchemaFlip, readSchemas, type SchemaFlip } from "../../operations/flip-schema.ts";
import { exchanged, isSameState, type SchemaState } from "../../operations/schema-state.ts";
import type { Flip } from "../plan/action.ts";
import { serverNamed } from "./database.ts";
import type { Pointer } from "./flip.ts";
import { fill } from "./values.ts";
import type { VerbContext } from "./verb.ts";

/** Two schemas of a database that exchange their names. */
export function schemaPointer(flip: Extract<Flip, { kind: "schema" }>, context: VerbContext): Pointer {
  const place = serverNamed(flip.db, context);
  if (place === undefined) {
    throw new MigrationError("TARGET_UNFIT", {
      message: `A flip of a schema needs a connection to ${flip.db}, not a client command.`,
      remedy: "Give the database of the plan as {kind: postgres, env: NAME}, or as a connection string by a secret.",
    });
  }
  const words: SchemaFlip = { schema: fill(flip.schema, context), to: fill(flip.to, context), place };
  return {
    text: () => `exchange the schemas ${words.schema} and ${words.to} of ${flip.db}`,
    look: async () => ({ ...(await prepareSchemaFlip(words)) }),
    place: async (before) => {
      const now = await readSchemas(words);
      if (isSameState(now, exchanged(stateOf(before)))) return "new";
      return isSameState(now, stateOf(before)) ? "old" : "elsewhere";
    },
    move: async (before) => void (await applySchemaFlip(words, stateOf(before))),
    back: async (before) => void (await applySchemaFlip(words, exchanged(stateOf(before)))),
    missing: async () => problems(words),
    gone: async (before) => {
      const now = await readSchemas(words);
      const isOld =
        stateOf(before).schema === null || now.to === stateOf(before).schema || isSameState(now, stateOf(before));
      return isOld ? [] : [`the schema that was live is not under the name ${words.to} any more`];
    },
    record: (before) => ({
      pointer: `${flip.db}:${words.schema}`,
      from: stateOf(before).schema,
      to: stateOf(before).to,
      root: null,
      scanSha256: null,
    }),
  };
}

async function problems(words: SchemaFlip): Promise<readonly string[]> {
  try {
    await prepareSchemaFlip(words);
    return [];
  } catch (error) {
    if (error instanceof MigrationError) return [error.message];
    throw error;
  }
}

function stateOf({ schema, to }: JsonObject): SchemaState {
  return { schema: textOf(schema), to: textOf(to) };
}

function textOf(value: JsonValue | undefined): string | null {
  return typeof value === "string" ? value : null;
}
