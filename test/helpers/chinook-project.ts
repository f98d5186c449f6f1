import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** How a source names tables and columns: `InvoiceLine` or `invoice_line`. */
export type NameStyle = "pascal" | "snake";

interface Field {
  readonly name: string;
  readonly type: string;
  readonly ref?: string;
  readonly isRequired: boolean;
}

/** `name type` with `!` where it is required, or `name>module`. */
const MODULES: Readonly<Record<string, { readonly key: string; readonly fields: string }>> = {
  artist: { key: "ArtistId", fields: "Name string(120)" },
  album: { key: "AlbumId", fields: "Title string(160)!, ArtistId>artist!" },
  employee: {
    key: "EmployeeId",
    fields: `LastName string(20)!, FirstName string(20)!, Title string(30), ReportsTo>employee, BirthDate timestamp,
      HireDate timestamp, Address string(70), City string(40), State string(40), Country string(40),
      PostalCode string(10), Phone string(24), Fax string(24), Email string(60)`,
  },
  customer: {
    key: "CustomerId",
    fields: `FirstName string(40)!, LastName string(20)!, Company string(80), Address string(70), City string(40),
      State string(40), Country string(40), PostalCode string(10), Phone string(24), Fax string(24),
      Email string(60)!, SupportRepId>employee`,
  },
  genre: { key: "GenreId", fields: "Name string(120)" },
  "media-type": { key: "MediaTypeId", fields: "Name string(120)" },
  playlist: { key: "PlaylistId", fields: "Name string(120)" },
  track: {
    key: "TrackId",
    fields: `Name string(200)!, AlbumId>album, MediaTypeId>media-type!, GenreId>genre, Composer string(220),
      Milliseconds integer!, Bytes integer, UnitPrice decimal(10,2)!`,
  },
  "playlist-track": { key: "PlaylistId TrackId", fields: "PlaylistId>playlist!, TrackId>track!" },
  invoice: {
    key: "InvoiceId",
    fields: `CustomerId>customer!, InvoiceDate timestamp!, BillingAddress string(70), BillingCity string(40),
      BillingState string(40), BillingCountry string(40), BillingPostalCode string(10), Total decimal(10,2)!`,
  },
  "invoice-line": {
    key: "InvoiceLineId",
    fields: "InvoiceId>invoice!, TrackId>track!, UnitPrice decimal(10,2)!, Quantity integer!",
  },
};

/** The names of the eleven modules. */
export const CHINOOK_MODULES: readonly string[] = Object.keys(MODULES);

/** Makes a project at `root` that reads the sample database from `source`; its registries are still to be made. */
export function writeChinook(root: string, source: object, style: NameStyle): void {
  const write = (file: string, value: object): void => {
    mkdirSync(join(root, file, ".."), { recursive: true });
    writeFileSync(join(root, file), `${JSON.stringify(value, undefined, 2)}\n`);
  };
  write("migration/migration.json", { format: "candor-migration/1", modules: CHINOOK_MODULES, source });
  for (const folder of ["storage_candidate", "storage_reports"]) mkdirSync(join(root, folder), { mode: 0o700 });
  for (const [module, { key, fields }] of Object.entries(MODULES)) {
    const parsed = fields
      .split(",\n")
      .join(", ")
      .split(/,\s+(?=[A-Z])/)
      .map(parseField);
    write(`modules/${module}/module.json`, moduleOf(module, key.split(" "), parsed, style));
    write(`modules/${module}/schema.json`, schemaOf(parsed));
  }
}

function parseField(text: string): Field {
  const isRequired = text.trim().endsWith("!");
  const [name = "", ref] = text.trim().replace("!", "").split(">");
  const [column = "", type = "string"] = name.split(" ");
  return { name: column, type, isRequired, ...(ref === undefined ? {} : { ref }) };
}

function moduleOf(module: string, key: readonly string[], fields: readonly Field[], style: NameStyle): object {
  const pascal = module.replace(/(^|-)(.)/g, (_, __, letter: string) => letter.toUpperCase());
  const inSource = (name: string): string =>
    style === "pascal" ? name : name.replace(/(?!^)([A-Z])/g, "_$1").toLowerCase();
  const rules = fields.map(({ name, type, ref }) => [
    camel(name),
    { from: inSource(name), ...(ref === undefined ? { type } : { ref }) },
  ]);
  return {
    format: "candor-module/1",
    source: { collection: inSource(pascal) },
    legacyKey: key.map(inSource),
    schemaVersion: 1,
    fields: { ...Object.fromEntries(rules), schemaVersion: { value: 1 } },
    ...(fields.some(({ name }) => key.includes(name)) ? {} : { drop: key.map(inSource) }),
  };
}

function schemaOf(fields: readonly Field[]): object {
  const entries = fields.map((field) => [camel(field.name), propertyOf(field)]);
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    additionalProperties: false,
    required: ["id", "schemaVersion", ...fields.flatMap(({ name, isRequired }) => (isRequired ? [camel(name)] : []))],
    properties: {
      id: { type: "string", format: "uuid", pii: 0 },
      ...Object.fromEntries(entries),
      schemaVersion: { type: "integer", minimum: 1, pii: 0 },
    },
  };
}

function propertyOf({ type, ref }: Field): object {
  if (ref !== undefined) return { type: "string", format: "uuid", ref, pii: 1 };
  return { type: type === "integer" ? "integer" : "string", pii: 2, residency: "local" };
}

function camel(name: string): string {
  return name.slice(0, 1).toLowerCase() + name.slice(1);
}
