import { isUtf8 } from "node:buffer";
import { compileEntityChecks } from "../checks/entity-checks.ts";
import { visitPath } from "../checks/entity-walk.ts";
import { lineFinding } from "../checks/line-findings.ts";
import type { EntityCheck } from "../checks/schema-check.ts";
import { compileMatcher, type LineMatcher } from "../compiled/matcher.ts";
import { parseLine } from "../integrity/line.ts";
import { compareWords, parseUuid, uuidText } from "../integrity/uuid-words.ts";
import { type Check, type Finding, type FindingPlace, finding } from "../model/finding.ts";
import type { ModuleDefinition } from "../model/module.ts";
import type { IdIndex } from "./id-index.ts";
import { LookupBatch } from "./lookup-batch.ts";
import type { EntityProbe } from "./prove-range.ts";

/** What the entities of a module are checked against. */
export interface DeepSetup {
  readonly module: ModuleDefinition;
  readonly phoneRegions: readonly string[];
  readonly checks: ReadonlySet<Check>;
}

/** Compiled checks of one module, kept by a worker between tasks. */
export class DeepChecks {
  readonly module: ModuleDefinition;
  readonly matcher: LineMatcher | undefined;
  readonly #setup: DeepSetup;
  #authority: EntityCheck | undefined;

  constructor(setup: DeepSetup) {
    this.#setup = setup;
    this.module = setup.module;
    this.matcher = compileMatcher(setup.module);
  }

  /** The checks that word findings; compiled when the first line needs them. */
  get authority(): EntityCheck {
    this.#authority ??= compileEntityChecks(this.module, this.#setup.phoneRegions, this.#setup.checks);
    return this.#authority;
  }
}

/** Checks the content of the entities of one range; faults of single entities become findings. */
export class DeepProbe implements EntityProbe {
  readonly #findings: Finding[] = [];
  readonly #checks: DeepChecks;
  /** Ids of the target of each reference, in the order of the module's references. */
  readonly #targets: readonly (IdIndex | undefined)[];
  readonly #file: string;
  readonly #words = new Uint32Array(4);
  /** References that were not yet looked up, each with its field and the words of its entity. */
  readonly #batch = new LookupBatch((lookup, position, words) => this.#settled(lookup, position, words));
  readonly #fields: number[] = [];
  readonly #ids: Uint32Array[] = [];
  #isUtf8 = true;

  constructor(checks: DeepChecks, targets: readonly (IdIndex | undefined)[]) {
    this.#checks = checks;
    this.#targets = targets;
    this.#file = `${checks.module.name}/data.jsonl`;
  }

  /** Faults of single entities, in the order of these. */
  get findings(): readonly Finding[] {
    this.#batch.settle();
    return this.#findings;
  }

  block(bytes: Buffer, from: number, to: number): void {
    this.#isUtf8 = isUtf8(bytes.subarray(from, to));
  }

  /** False where the entity has another id than its digest line: others may refer to it, so it is not a fault of its own. */
  entity(bytes: Buffer, from: number, to: number, index: number, offset: number, id: Uint32Array): boolean {
    const { matcher } = this.#checks;
    if (this.#isUtf8 && matcher?.match(bytes, from, to) === true) {
      if (compareWords(matcher.id, 0, id, 0) !== 0) return false;
      for (let at = 0; at < matcher.refCount; at += 1) {
        this.#refer(matcher.refFields[at] ?? 0, matcher.refs, 4 * at, id);
      }
      return true;
    }
    this.#batch.settle();
    return this.#judge(bytes.subarray(from, to), index, offset, uuidText(id));
  }

  #refer(field: number, words: Uint32Array, at: number, id: Uint32Array): void {
    const target = this.#targets[field];
    if (target === undefined) return;
    const lookup = this.#batch.add(target, words, at);
    this.#fields[lookup] = field;
    this.#ids[lookup] ??= new Uint32Array(4);
    this.#ids[lookup]?.set(id);
    if (this.#batch.isFull) this.#batch.settle();
  }

  #settled(lookup: number, position: number, words: Uint32Array): void {
    if (position >= 0) return;
    const [field, id] = [this.#fields[lookup], this.#ids[lookup]];
    if (field === undefined || id === undefined) return;
    this.#missing(field, uuidText(words.subarray(4 * lookup, 4 * lookup + 4)), uuidText(id));
  }

  #judge(line: Buffer, index: number, offset: number, id: string): boolean {
    const { module, authority } = this.#checks;
    const place: FindingPlace = { module: module.name, file: this.#file, line: index + 1, offset, id };
    const sink = (found: Finding): void => {
      this.#findings.push(found);
    };
    const parsed = parseLine(line);
    if (!parsed.ok) sink(lineFinding(parsed, place));
    if (parsed.value === undefined) return true;
    if (parsed.value["id"] !== id) return false;
    const entity = parsed.value;
    authority(entity, place, sink);
    module.references.forEach((reference, field) => {
      const target = this.#targets[field];
      visitPath(entity, reference.path, (value) => {
        if (target === undefined || typeof value !== "string" || !parseUuid(value, this.#words)) return;
        if (target.find(this.#words, 0) < 0) this.#missing(field, value, id);
      });
    });
    return true;
  }

  #missing(field: number, missing: string, id: string): void {
    const reference = this.#checks.module.references[field];
    if (reference === undefined) return;
    const expected = `an entity of ${reference.target} with id ${missing}`;
    const place = { module: this.#checks.module.name, id, field: reference.path.join("/"), expected, got: "none" };
    this.#findings.push(finding("REFERENCE_MISSING", place));
  }
}
