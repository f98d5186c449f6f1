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
import { proofRoom } from "./proof-room.ts";
import type { EntityProbe, EntityRun } from "./prove-range.ts";
import { MOST_LOOKUPS } from "./shared-id-memory.ts";

/** 32-bit words of an id, and their bytes. */
const [WORDS, ID_BYTES] = [4, 16];

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
    this.matcher = compileMatcher(setup.module, proofRoom().matchers);
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
  readonly #ids = new Uint32Array(WORDS * MOST_LOOKUPS);
  readonly #memory = proofRoom().lanes.memory;
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

  /** False where an entity has another id than its digest line: others may refer to it, so it is not a fault of its own. */
  entities(run: EntityRun): boolean {
    for (let line = 0; line < run.count; ) {
      const accepted = this.#isUtf8 ? this.#match(run, line) : 0;
      if (accepted === 0 && !this.#judged(run, line)) return false;
      line += Math.max(1, accepted);
    }
    return true;
  }

  /** Takes lines from `line` on that the matcher accepts; how many. */
  #match(run: EntityRun, line: number): number {
    const { matcher } = this.#checks;
    if (matcher === undefined) return 0;
    const { bytes, ends, ids } = run;
    const begin = beginOf(run, line);
    let accepted = 0;
    if (bytes.buffer === this.#memory) {
      accepted = matcher.matchAll({
        from: bytes.byteOffset + begin,
        ends: ends.byteOffset + ends.BYTES_PER_ELEMENT * line,
        base: bytes.byteOffset,
        count: run.count - line,
        ids: ids.byteOffset + ID_BYTES * line,
      });
    } else if (matcher.match(bytes, begin, ends[line] ?? 0) && compareWords(matcher.id, 0, ids, WORDS * line) === 0) {
      accepted = 1;
    }
    for (let at = 0; accepted > 0 && at < matcher.refCount; at += 1) {
      const own = WORDS * (line + (matcher.refLines[at] ?? 0));
      this.#refer(matcher.refFields[at] ?? 0, matcher.refs, WORDS * at, ids, own);
    }
    return accepted;
  }

  #judged(run: EntityRun, line: number): boolean {
    this.#batch.settle();
    const begin = beginOf(run, line);
    const id = uuidText(run.ids.subarray(WORDS * line, WORDS * line + WORDS));
    return this.#judge(run.bytes.subarray(begin, run.ends[line]), run.index + line, run.base + begin, id);
  }

  #refer(field: number, words: Uint32Array, at: number, ids: Uint32Array, idAt: number): void {
    const target = this.#targets[field];
    if (target === undefined) return;
    const lookup = this.#batch.add(target, words, at);
    this.#fields[lookup] = field;
    for (let word = 0; word < WORDS; word += 1) this.#ids[WORDS * lookup + word] = ids[idAt + word] ?? 0;
    if (this.#batch.isFull) this.#batch.settle();
  }

  #settled(lookup: number, position: number, words: Uint32Array): void {
    if (position >= 0) return;
    const field = this.#fields[lookup];
    if (field === undefined) return;
    const [from, to] = [WORDS * lookup, WORDS * lookup + WORDS];
    this.#missing(field, uuidText(words.subarray(from, to)), uuidText(this.#ids.subarray(from, to)));
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

/** Where a line of a run begins. */
function beginOf({ begin, ends }: EntityRun, line: number): number {
  return line === 0 ? begin : (ends[line - 1] ?? 0) + 1;
}
