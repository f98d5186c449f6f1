import { MigrationError } from "../model/errors.ts";
import type { ModuleDefinition } from "../model/module.ts";
import { BrokenRecord } from "../model/source-record.ts";
import { legacyIdOf } from "../registry/legacy-id.ts";
import type { Source } from "../sources/source.ts";
import { type Context, turn, untilCancelled } from "./context.ts";

/** Hands over the legacy id of every record of a module; `SOURCE_INVALID` where one has none or cannot be read. */
export async function readLegacyIds(
  context: Context,
  module: ModuleDefinition,
  source: Source,
  take: (legacyId: string) => void,
): Promise<void> {
  context.progress.stage(`read ${module.name}`);
  let record = 0;
  for await (const batch of untilCancelled(context, source.read(module.collection))) {
    for (const value of batch) {
      record += 1;
      take(legacyIdIn(value, module, record));
    }
    context.progress.advance(batch.length);
    await turn(context);
  }
}

function legacyIdIn(value: unknown, module: ModuleDefinition, record: number): string {
  if (value instanceof BrokenRecord) throw brokenRecord(value, module, record);
  const key = legacyIdOf(module.legacyKey.map((name) => ownValue(value, name)));
  if ("legacyId" in key) return key.legacyId;
  throw noLegacyId(module, record, key.problem);
}

function brokenRecord({ code, place }: BrokenRecord, module: ModuleDefinition, record: number): MigrationError {
  const line = place.line === undefined ? "" : `:${place.line}`;
  const at = place.file === undefined ? "" : ` (${place.file}${line})`;
  const got = place.got === undefined ? "" : `, got ${place.got}`;
  return new MigrationError("SOURCE_INVALID", {
    message: `Record ${record} of ${module.collection}${at} cannot be read: ${code}, expected ${place.expected ?? "a record"}${got}.`,
    remedy:
      "Mend it in the source, then run the command again; `candor dry-run` names all of them once there are registries.",
  });
}

function ownValue(record: unknown, name: string): unknown {
  return typeof record === "object" && record !== null && Object.hasOwn(record, name)
    ? Reflect.get(record, name)
    : undefined;
}

function noLegacyId(module: ModuleDefinition, record: number, problem: "missing" | "type"): MigrationError {
  const got = problem === "missing" ? "nothing" : "a value that is neither text nor a safe integer";
  return new MigrationError("SOURCE_INVALID", {
    message: `Record ${record} of ${module.collection}: expected a legacy id in ${module.legacyKey.join(", ")}, got ${got}.`,
    remedy: "`candor dry-run` names every such record once the registries exist; mend this one in the source first.",
  });
}
