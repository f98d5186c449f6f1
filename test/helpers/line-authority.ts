import { Buffer, isUtf8 } from "node:buffer";
import { compileEntityChecks } from "../../tools/migration/checks/entity-checks.ts";
import { visitPath } from "../../tools/migration/checks/entity-walk.ts";
import type { EntityCheck } from "../../tools/migration/checks/schema-check.ts";
import { compileMatcher, type LineMatcher } from "../../tools/migration/compiled/matcher.ts";
import { createRoom } from "../../tools/migration/compiled/matcher-room.ts";
import { canonicalize } from "../../tools/migration/integrity/canonical.ts";
import { parseLine } from "../../tools/migration/integrity/line.ts";
import { uuidText } from "../../tools/migration/integrity/uuid-words.ts";
import type { JsonObject } from "../../tools/migration/model/json.ts";
import { type ModuleDefinition, UUID } from "../../tools/migration/model/module.ts";

const CHECKS = new Set(["schema", "drift", "invariants", "pii"] as const);

/** Judges as a scan does, by parsing; gives what is wrong, and the references that a scan collects. */
export class Authority {
  readonly #module: ModuleDefinition;
  readonly #check: EntityCheck;

  constructor(module: ModuleDefinition) {
    this.#module = module;
    this.#check = compileEntityChecks(module, ["DE", "US"], CHECKS);
  }

  judge(line: Buffer): { readonly faults: readonly string[]; readonly id: string; readonly references: string[] } {
    const parsed = parseLine(line);
    if (!parsed.ok) return { faults: [parsed.reason], id: "", references: [] };
    const faults: string[] = [];
    this.#check(parsed.value, {}, (found) => faults.push(`${found.code} ${found.field} ${found.rule}`));
    const id = String(parsed.value["id"]);
    if (!UUID.test(id)) faults.push("id");
    return { faults, id, references: this.#references(parsed.value) };
  }

  #references(entity: JsonObject): string[] {
    const found: string[] = [];
    this.#module.references.forEach((reference, index) => {
      visitPath(entity, reference.path, (value) => {
        if (typeof value === "string" && UUID.test(value)) found.push(`${index} ${value}`);
      });
    });
    return found.sort();
  }
}

/** What a matcher captured of the line it accepted last. */
export function captured(matcher: LineMatcher): { readonly id: string; readonly references: string[] } {
  const references = Array.from({ length: matcher.refCount }, (_, index) => {
    return `${matcher.refFields[index]} ${uuidText(matcher.refs.subarray(4 * index, 4 * index + 4))}`;
  });
  return { id: uuidText(matcher.id), references: references.sort() };
}

/** Fails where the matcher accepts what the authority does not, or captures something else. True where it accepts. */
export function assertSound(matcher: LineMatcher, authority: Authority, line: Buffer): boolean {
  if (!isUtf8(line) || !matcher.match(line, 0, line.length)) return false;
  const judged = authority.judge(line);
  const { id, references } = captured(matcher);
  if (judged.faults.length > 0) throw new Error(`accepted ${line.toString()}: ${judged.faults.join("; ")}`);
  if (id !== judged.id) throw new Error(`id ${id} of ${line.toString()}`);
  if (references.join() !== judged.references.join()) throw new Error(`references of ${line.toString()}`);
  return true;
}

/** The matcher of a module that must have one. */
export function compiled(module: ModuleDefinition): LineMatcher {
  const matcher = compileMatcher(module, createRoom());
  if (matcher === undefined) throw new Error(`not compiled: ${JSON.stringify(module.schema)}`);
  return matcher;
}

/** True where no text that the detectors look at holds anything like a personal value. */
export function isPlain(module: ModuleDefinition, entity: JsonObject): boolean {
  let plain = true;
  for (const field of module.piiFields) {
    if (field.pii === 0 && field.freeText) {
      visitPath(entity, field.path, (value) => {
        if (/@|(?:[0-9][^A-Za-z]*){7}|[A-Za-z]{2}[0-9]{2}/.test(JSON.stringify(value))) plain = false;
      });
    }
  }
  return plain;
}

/** The line of an entity, without LF. */
export function lineOf(entity: JsonObject): Buffer {
  return Buffer.from(canonicalize(entity), "utf8");
}
