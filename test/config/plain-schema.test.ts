import * as fc from "fast-check";
import t from "tap";
import { isPlainSchema } from "../../tools/migration/config/plain-schema.ts";
import { loadProject } from "../../tools/migration/config/project.ts";
import { assertCompiles, compileSchema } from "../../tools/migration/config/schema-compiler.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../tools/migration/model/json.ts";
import { anyModule } from "../helpers/schemas.ts";

/** What breaks a schema although the schema of schemas accepts it, and other words that seldom stand in one. */
const WORDS = fc.constantFrom<[string, JsonValue]>(
  ["pattern", "("],
  ["pattern", "\\p{Nothing}"],
  ["pattern", "^a$"],
  ["format", "no-such-format"],
  ["format", "email"],
  ["enum", []],
  ["enum", [1]],
  ["$ref", "#/$defs/lost"],
  ["$ref", "other.json"],
  ["pii", 3],
  ["pii", 0],
  ["residency", ""],
  ["ref", 7],
  ["unknownWord", true],
  ["if", { type: "string" }],
  ["$id", "https://example.org/a"],
  ["$anchor", "here"],
  ["$schema", "http://json-schema.org/draft-07/schema#"],
  ["$defs", { lost: { pattern: "[" } }],
  ["items", { pattern: "[" }],
  ["additionalProperties", { format: "none" }],
  ["default", 1],
  ["nullable", true],
  ["contains", true],
);

function placesOf(node: JsonValue): JsonObject[] {
  if (!isJsonObject(node)) return [];
  return [node, ...Object.values(node).flatMap(placesOf)];
}

function compiles(schema: JsonObject): boolean {
  try {
    compileSchema(structuredClone(schema));
    return true;
  } catch {
    return false;
  }
}

t.test("a plain schema compiles, and what does not compile is refused at once", async (t) => {
  const seen = { plain: 0, broken: 0 };
  await fc.assert(
    fc.property(anyModule, fc.array(fc.tuple(fc.nat(), WORDS), { maxLength: 2 }), ({ module }, changes) => {
      const schema = structuredClone(module.schema);
      for (const [at, [word, value]] of changes) {
        const places = placesOf(schema);
        Object.assign(places[at % places.length] ?? {}, { [word]: value });
      }
      const sound = compiles(schema);
      if (isPlainSchema(schema)) seen.plain += 1;
      if (!sound) seen.broken += 1;
      let accepted = true;
      try {
        assertCompiles(schema);
      } catch {
        accepted = false;
      }
      if (accepted !== sound) throw new Error(`${accepted} for ${JSON.stringify(schema)}`);
    }),
    { numRuns: 120, endOnFailure: true },
  );
  t.ok(seen.plain > 10 && seen.broken > 20, `${seen.plain} plain, ${seen.broken} broken`);
});

t.test("the schemas of the example are plain", (t) => {
  for (const { name, schema } of loadProject(process.cwd()).modules) t.ok(isPlainSchema(schema), name);
  t.end();
});
