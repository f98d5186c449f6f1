import t from "tap";
import { compileSchema } from "../../tools/migration/config/schema-compiler.ts";

t.test("schemas with the same $id do not see each other", async (t) => {
  const $id = "https://example.com/entity";
  const node = { type: "object", properties: { next: { $ref: $id } }, required: ["name"] };
  const first = compileSchema({ $id, ...node, properties: { ...node.properties, name: { type: "string" } } });
  const second = compileSchema({ $id, ...node, properties: { ...node.properties, name: { type: "integer" } } });
  t.ok(first({ name: "a", next: { name: "b" } }));
  t.notOk(first({ name: "a", next: { name: 1 } }), "a reference to the own $id means the schema itself");
  t.ok(second({ name: 1, next: { name: 2 } }));
  t.notOk(second({ name: 1, next: { name: "b" } }));
});

t.test("a name inside a schema may stand in two schemas", async (t) => {
  const part = { $id: "https://example.com/part", type: "string" };
  for (const turn of ["first", "second"]) {
    const validate = compileSchema({ type: "object", properties: { part: structuredClone(part) } });
    t.ok(validate({ part: "a" }), turn);
    t.notOk(validate({ part: 1 }), turn);
  }
});

t.test("what is no schema is refused every time", async (t) => {
  const broken = { $id: "https://example.com/broken", type: "thing" };
  for (const turn of ["first", "second"]) t.throws(() => compileSchema({ ...broken }), /type/, turn);
  t.throws(() => compileSchema({ $id: 7 }));
  t.throws(() => compileSchema({ unknownWord: true }), /unknownWord/);
});
