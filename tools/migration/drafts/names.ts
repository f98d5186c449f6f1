import { MODULE_NAME } from "../model/module.ts";

const LETTERS: Readonly<Record<string, string>> = {
  ä: "ae",
  ö: "oe",
  ü: "ue",
  ß: "ss",
  æ: "ae",
  ø: "o",
  å: "a",
  ł: "l",
};
const LONGEST = 63;
/** Names of fields that every entity has for itself, and one that JavaScript keeps. */
const TAKEN_FIELDS: ReadonlySet<string> = new Set(["id", "schemaVersion"]);

/** A module name for each table, in their order: lower-case words with dashes, each once. */
export function moduleNames(tables: readonly string[]): readonly string[] {
  return distinct(
    tables.map((table) => {
      const name = wordsOf(table).join("-").slice(0, LONGEST).replace(/-+$/, "");
      return MODULE_NAME.test(name) && name !== "checksums" ? name : `table${name === "" ? "" : `-${name}`}`;
    }),
    "-",
  );
}

/** A field name for each column, in their order: `customerId` for `Customer ID`, each once. */
export function fieldNames(columns: readonly string[]): readonly string[] {
  return distinct(columns.map(fieldName), "");
}

/** One field name; those that every entity has for itself become `legacyId` and the like. */
export function fieldName(column: string): string {
  const [first = "", ...rest] = wordsOf(column);
  const name = first + rest.map(capitalized).join("");
  if (TAKEN_FIELDS.has(name)) return `legacy${capitalized(name)}`;
  return /^[a-z]/.test(name) ? name : `field${capitalized(name)}`;
}

function capitalized(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

/** The words of a name in lower-case ASCII: `InvoiceLine`, `invoice_line` and `Invoice Line` have the same. */
function wordsOf(name: string): readonly string[] {
  const latin = name
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, "$1 $2")
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, "$1 $2")
    .toLowerCase()
    .normalize("NFC")
    .replace(/[äöüßæøåł]/g, (letter) => LETTERS[letter] ?? "")
    .normalize("NFD")
    .replace(/\p{M}/gu, "");
  return latin.split(/[^a-z0-9]+/).filter((word) => word !== "");
}

function distinct(names: readonly string[], dash: string): readonly string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let free = name;
    for (let number = 2; taken.has(free); number += 1) {
      const suffix = `${dash}${number}`;
      free = dash === "" ? name + suffix : name.slice(0, LONGEST - suffix.length) + suffix;
    }
    taken.add(free);
    return free;
  });
}
