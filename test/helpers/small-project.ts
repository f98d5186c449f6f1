import type { Test } from "tap";
import { writeProjectFile } from "./cli-project.ts";

/** Parts of a small project; what is not given is sound. */
export interface SmallProject {
  /** JavaScript expressions of the two collections. */
  readonly people?: string;
  readonly dogs?: string;
  /** Statements before the export of the source. */
  readonly setup?: string;
  /** Legacy ids of the registry of people. */
  readonly peopleIds?: readonly string[];
  /** Other files, by path; they win over the sound ones. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
}

/** Path of the source in a small project. */
export const SOURCE = "data/db.js";

/** Writes a project of two modules, people and their dogs, and gives its root. */
export function smallProject(t: Test, parts: SmallProject = {}): string {
  return writeSmallProject(t.testdir(), parts);
}

/** The same in an existing folder. */
export function writeSmallProject(root: string, parts: SmallProject = {}): string {
  const files: Record<string, string | Uint8Array> = { ...soundFiles(), [SOURCE]: sourceText(parts), ...parts.files };
  if (parts.peopleIds !== undefined) files["migration/mapping/people.json"] = registryText("0", parts.peopleIds);
  for (const [file, text] of Object.entries(files)) writeProjectFile(root, file, text);
  return root;
}

/** The text of a source with these collections. */
export function sourceText(parts: Pick<SmallProject, "people" | "dogs" | "setup">): string {
  const people = parts.people ?? `[{ id: "P-1", code: "ONE", name: "Ada" }, { id: "P-2", code: "TWO", name: "Bo" }]`;
  const dogs = parts.dogs ?? `[{ id: "D-1", code: "REX", ownerId: "P-1" }]`;
  return `${parts.setup ?? ""}\nexport const db = { people: ${people}, dogs: ${dogs} };\n`;
}

/** A registry whose UUIDs differ by module digit and position. */
export function registryText(digit: string, legacyIds: readonly string[]): string {
  const entries = legacyIds.map((legacyId, index) => ({
    legacyId,
    targetUuid: `0000000${digit}-0000-8000-8000-${String(index + 1).padStart(12, "0")}`,
    version: 1,
  }));
  return JSON.stringify(entries);
}

/** module.json of people; `extra` is merged into it. */
export function peopleModule(extra: object = {}): string {
  return JSON.stringify({
    format: "candor-module/1",
    source: { collection: "people" },
    legacyKey: "id",
    schemaVersion: 1,
    fields: { code: {}, name: {}, age: {}, data: { type: "json" }, schemaVersion: { value: 1 } },
    ...extra,
  });
}

function soundFiles(): Record<string, string | Uint8Array> {
  return {
    "package.json": `{"type":"module"}`,
    "migration/migration.json": JSON.stringify({
      format: "candor-migration/1",
      modules: ["people", "dogs"],
      source: { kind: "module", path: SOURCE },
    }),
    "migration/mapping/people.json": registryText("0", ["P-1", "P-2"]),
    "migration/mapping/dogs.json": registryText("1", ["D-1"]),
    "modules/people/module.json": peopleModule(),
    "modules/people/schema.json": schema({
      name: { type: "string", pii: 2, residency: "local" },
      age: { type: "number", pii: 1 },
      data: { pii: 1 },
    }),
    "modules/dogs/module.json": JSON.stringify({
      format: "candor-module/1",
      source: { collection: "dogs" },
      legacyKey: "id",
      schemaVersion: 1,
      fields: { code: {}, ownerId: { ref: "people" }, schemaVersion: { value: 1 } },
    }),
    "modules/dogs/schema.json": schema({ ownerId: { type: "string", format: "uuid", ref: "people", pii: 1 } }),
  };
}

function schema(properties: object): string {
  return JSON.stringify({
    type: "object",
    additionalProperties: false,
    required: ["id", "code", "schemaVersion"],
    properties: {
      id: { type: "string", format: "uuid", pii: 0 },
      code: { type: "string", pii: 0 },
      schemaVersion: { type: "integer", pii: 0 },
      ...properties,
    },
  });
}
