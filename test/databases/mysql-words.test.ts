import t from "tap";
import { toDatabaseError } from "../../tools/migration/databases/database-errors.ts";
import { mysqlType } from "../../tools/migration/databases/mysql-catalog.ts";
import { mysqlKind } from "../../tools/migration/sources/mysql-cells.ts";

// What MySQL 8 and 9 print and send by their manuals, where no such server can be installed.

t.test("types as MySQL 8 and MariaDB print them", async (t) => {
  const types: Readonly<Record<string, string>> = {
    int: "integer",
    "int(11)": "integer",
    "tinyint(1)": "integer",
    "bigint unsigned": "bigint",
    "decimal(10,2) unsigned": "decimal(10,2)",
    "varchar(20)": "string(20)",
    json: "json",
    geomcollection: "bytes",
    geometrycollection: "bytes",
    "vector(3)": "bytes",
    "enum('a')": "string",
  };
  for (const [printed, type] of Object.entries(types)) t.equal(mysqlType(printed), type, printed);
});

t.test("columns as the protocol describes them", async (t) => {
  const kindOf = (type: number, charset: number): string => mysqlKind({ name: "c", type, charset, length: 0 });
  t.equal(kindOf(245, 63), "text", "JSON of MySQL is text in the character set of bytes");
  t.equal(kindOf(242, 63), "bytes", "VECTOR");
  t.equal(kindOf(255, 63), "bytes", "GEOMETRY");
  t.equal(kindOf(253, 309), "text", "VARCHAR of utf8mb4_0900_bin");
  t.equal(kindOf(12, 63), "text", "DATETIME");
});

t.test("refusals that tell what to do", async (t) => {
  const of = (code: string, message: string) =>
    toDatabaseError(Object.assign(new Error(message), { code }), {
      ...{ label: "mysql://ana@db/shop", action: "Connecting", code: "SOURCE_INVALID" },
    });
  const plugin = "Server requests authentication using unknown plugin client_ed25519. See elsewhere on how to.";
  t.match(of("AUTH_SWITCH_PLUGIN_ERROR", plugin), { code: "SOURCE_INVALID", message: /plugin client_ed25519\)?\.$/ });
  t.match(of("ER_SECURE_TRANSPORT_REQUIRED", "Connections using insecure transport are prohibited"), {
    remedy: /wants TLS/,
  });
  t.match(of("ER_CLIENT_INTERACTION_TIMEOUT", "The client was disconnected"), { code: "CONNECTION_LOST" });
  t.notMatch(of("ER_DUP_ENTRY", "Duplicate entry 'Anna' for key"), { message: /Anna/ });
});
