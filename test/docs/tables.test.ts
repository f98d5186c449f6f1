import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import t from "tap";
import { createProgram } from "../../tools/migration/commands/program.ts";
import { LIVE_SHAPE, MIGRATION_SHAPE, MODULE_SHAPE, WAIVERS_SHAPE } from "../../tools/migration/config/shapes.ts";
import { EXIT_CODES, exitCodeOf } from "../../tools/migration/exit-codes.ts";
import type { ErrorCode } from "../../tools/migration/model/errors.ts";
import { FIELD_TYPES, INVARIANT_RULES, TRANSFORMS } from "../../tools/migration/model/field-words.ts";
import { FINDING_CODES, isWaivable } from "../../tools/migration/model/finding-codes.ts";
import { SOURCE_KINDS } from "../../tools/migration/model/source-kind.ts";
import { codeWordsOf, tableOf } from "../helpers/markdown.ts";

const [readme, formats, operations, contributing] = ["README", "FORMATS", "OPERATIONS", "CONTRIBUTING"].map((name) =>
  readFileSync(`${name}.md`, "utf8"),
) as [string, string, string, string];

const cutover = readFileSync("docs/cutover.md", "utf8");

const program = createProgram({
  signal: new AbortController().signal,
  clock: () => new Date(0),
  setExitCode: () => {},
  exitCodes: EXIT_CODES,
  version: "0.0.0",
  invocation: "candor",
});

t.test("OPERATIONS.md prints the exit codes of the program", async (t) => {
  const rows = tableOf(operations, "code").filter((row) => row.length === 2);
  t.strictSame(
    rows,
    EXIT_CODES.map(({ code, meaning }) => [String(code), meaning]),
  );
});

t.test("OPERATIONS.md lists every finding code as the program knows it", async (t) => {
  const rows = tableOf(operations, "code").filter((row) => row.length === 6);
  const codes = Object.entries(FINDING_CODES).map(([code, { check, severity, title, remedy }]) => {
    const waivable = isWaivable(code as keyof typeof FINDING_CODES) ? "yes" : "no";
    return [`\`${code}\``, severity, check, waivable, title, remedy];
  });
  t.strictSame(rows, codes);
});

t.test("OPERATIONS.md lists every error code with its exit code", async (t) => {
  const source = readFileSync("tools/migration/model/errors.ts", "utf8");
  const union = /export type ErrorCode =([^;]+);/.exec(source)?.[1] ?? "";
  const codes = [...union.matchAll(/"([A-Z_]+)"/g)].map((match) => match[1] as ErrorCode);
  t.ok(codes.length > 10, "the union is found");
  const rows = tableOf(operations, "code").filter((row) => row.length === 4);
  const expected = codes.map((code) => `\`${code}\` ${exitCodeOf(code)}`).sort();
  t.strictSame(rows.map(([code, exit]) => `${code} ${exit}`).sort(), expected);
  for (const row of rows) t.ok(row[2] !== "" && row[3] !== "", `${row[0]} has a cause and a remedy`);
});

t.test("README.md and docs/cutover.md list every command with its arguments and purpose", async (t) => {
  const rows = leavesOf(program).map(({ name, command }) => [`\`${name}\``, command.description()]);
  const isCutover = ([name]: string[]): boolean => name?.startsWith("`cutover ") === true;
  t.strictSame(
    tableOf(readme, "command"),
    rows.filter((row) => !isCutover(row)),
  );
  t.strictSame(tableOf(cutover, "command"), rows.filter(isCutover));
  for (const { name, command } of leavesOf(program)) {
    const page = name.startsWith("cutover ") ? readme + cutover : readme;
    for (const { long } of command.options) t.ok(page.includes(`${long}`), `${name} ${long} is documented`);
  }
});

t.test("commands that are named in documents and messages exist", async (t) => {
  const known = leavesOf(program).map(({ name }) => name.replace(/ [<[].*/, ""));
  const texts = [readme, formats, operations, contributing, cutover, ...sourcesIn("tools/migration")];
  const named = texts.flatMap((text) => [...text.matchAll(/`candor ([a-z-]+(?: [a-z-]+)?)/g)].map((match) => match[1]));
  t.ok(named.length > 20, "there are some");
  for (const words of new Set(named)) {
    const found = known.some((name) => words === name || words?.startsWith(`${name} `));
    t.ok(found, `candor ${words}`);
  }
});

t.test("FORMATS.md names every word and key of the configuration", async (t) => {
  const words = new Set(codeWordsOf(formats));
  for (const word of [...TRANSFORMS, ...FIELD_TYPES, ...INVARIANT_RULES, ...SOURCE_KINDS]) t.ok(words.has(word), word);
  const paths = [...words].flatMap((word) => word.split(/[.[\]]|<name>/));
  for (const shape of [MIGRATION_SHAPE, MODULE_SHAPE, WAIVERS_SHAPE, LIVE_SHAPE]) {
    for (const key of keysIn(shape)) t.ok(paths.includes(key), `${key} is explained`);
  }
  for (const { check } of Object.values(FINDING_CODES)) t.ok(words.has(check), `check ${check}`);
});

t.test("FORMATS.md names every key of a report", async (t) => {
  const words = new Set(codeWordsOf(formats).flatMap((word) => word.split(".")));
  const report = readFileSync("tools/migration/operations/report.ts", "utf8");
  const book = readFileSync("tools/migration/operations/finding-book.ts", "utf8");
  const found = readFileSync("tools/migration/model/finding.ts", "utf8");
  const keys = [
    ...fieldsOf(report, "Summary"),
    ...fieldsOf(report, "ModuleSummary"),
    ...fieldsOf(book, "Totals"),
    ...fieldsOf(book, "Count"),
    ...fieldsOf(found, "FindingPlace"),
    ...fieldsOf(found, "Finding"),
  ];
  t.ok(keys.length > 30, "the interfaces are found");
  for (const key of keys) t.ok(words.has(key), `${key} is explained`);
});

t.test("CONTRIBUTING.md has the layers that the linter enforces", async (t) => {
  const rules = readFileSync("biome.json", "utf8").matchAll(/downwards only: ([\w/]+) may use ([\w/, ]+) \(/g);
  const rows = tableOf(contributing, "folder of `tools/migration`");
  const known = new Set(rows.map(([folder, , uses]) => `${folder} ${uses}`));
  const layers = [...rules].map((rule) => `\`${rule[1]}\` ${rule[2]}`);
  t.ok(layers.length > 8, "the rules are found");
  t.strictSame([...known].sort(), layers.sort());
  for (const { name } of readdirSync("tools/migration", { withFileTypes: true }).filter((one) => one.isDirectory())) {
    const isExplained = codeWordsOf(contributing).some((word) => word === name || word.startsWith(`${name}/`));
    t.ok(isExplained, `${name} is explained`);
  }
});

function leavesOf(command: Command, above = ""): { name: string; command: Command }[] {
  return command.commands.flatMap((child) => {
    const args = child.registeredArguments.map((one) => {
      const name = `${one.name()}${one.variadic ? "..." : ""}`;
      return one.required ? ` <${name}>` : ` [${name}]`;
    });
    const name = `${above}${child.name()}${args.join("")}`;
    return child.commands.length > 0 ? leavesOf(child, `${name} `) : [{ name, command: child }];
  });
}

function sourcesIn(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true }).map(String);
  return names.filter((name) => name.endsWith(".ts")).map((name) => readFileSync(join(folder, name), "utf8"));
}

/** Names of all properties in a shape, those of its parts included. */
function keysIn(shape: unknown): string[] {
  if (typeof shape !== "object" || shape === null) return [];
  const properties: unknown = Reflect.get(shape, "properties");
  const names = typeof properties === "object" && properties !== null ? Object.keys(properties) : [];
  const parts = ["items", "additionalProperties"].map((key): unknown => Reflect.get(shape, key));
  const below = names.map((name): unknown => Reflect.get(Object(properties), name));
  return [...names, ...[...parts, ...below].flatMap(keysIn)];
}

function fieldsOf(source: string, name: string): string[] {
  const body = new RegExp(`export interface ${name}\\b[^{]*\\{([^}]*)\\}`).exec(source)?.[1] ?? "";
  return [...body.matchAll(/readonly (\w+)\??:/g)].map((match) => match[1] ?? "");
}
