import t from "tap";
import { fieldName, fieldNames, moduleNames } from "../../tools/migration/drafts/names.ts";
import { isPersonalName } from "../../tools/migration/drafts/personal-names.ts";
import { MODULE_NAME } from "../../tools/migration/model/module.ts";

t.test("one table has one module name, however an engine spells it", async (t) => {
  for (const name of ["InvoiceLine", "invoice_line", "Invoice Line", "INVOICE-LINE", "invoiceLine"]) {
    t.strictSame(moduleNames([name]), ["invoice-line"], name);
  }
  t.strictSame(moduleNames(["Straßenzüge", "Größe", "Łódź", "日本", "checksums", "_", "7"]), [
    "strassenzuege",
    "groesse",
    "lodz",
    "table",
    "table-checksums",
    "table-2",
    "7",
  ]);
});

t.test("two tables never share a module name, and every name can be one", async (t) => {
  const long = "x".repeat(80);
  const names = moduleNames(["Order Line", "order_line", "ORDER LINE", long, `${long}y`, "order line 2"]);
  t.equal(new Set(names).size, names.length);
  for (const name of names) t.match(name, MODULE_NAME);
});

t.test("a column has a field name in camel case", async (t) => {
  t.equal(fieldName("CustomerId"), "customerId");
  t.equal(fieldName("customer_id"), "customerId");
  t.equal(fieldName("Straße (privat)"), "strassePrivat");
  t.equal(fieldName("HTTPServer"), "httpServer");
  t.equal(fieldName("id"), "legacyId");
  t.equal(fieldName("schema_version"), "legacySchemaVersion");
  t.equal(fieldName("2nd name"), "field2ndName");
  t.equal(fieldName("__proto__"), "proto");
  t.equal(fieldName("€"), "field");
});

t.test("two columns never share a field name", async (t) => {
  t.strictSame(fieldNames(["a b", "a_b", "A B", "id", "Id"]), ["aB", "aB2", "aB3", "legacyId", "legacyId2"]);
});

t.test("names of persons, places and secrets are expected to be personal", async (t) => {
  for (const name of ["firstName", "email", "billingCity", "phone", "dateOfBirth", "iban", "notes", "strasse"]) {
    t.ok(isPersonalName(name), name);
  }
  for (const name of ["name", "title", "quantity", "unitPrice", "milliseconds", "trackId"])
    t.notOk(isPersonalName(name), name);
});
