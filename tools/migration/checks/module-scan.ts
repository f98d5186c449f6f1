import { type Line, LineReader } from "../files/line-reader.ts";
import { CompactRange } from "../integrity/compact-range.ts";
import { entityLine, leafHash, sha256Hex } from "../integrity/digest.ts";
import { type LineResult, parseLine } from "../integrity/line.ts";
import { type Check, type FindingPlace, type FindingSink, finding } from "../model/finding.ts";
import type { JsonObject } from "../model/json.ts";
import { UUID } from "../model/module.ts";
import { CHECKSUMS_NAME, CHUNKS_NAME, DATA_NAME, ENTITIES_NAME } from "../stores/module-files.ts";
import { ChunkBoundaries } from "./chunk-boundaries.ts";
import { type ChunkList, NO_CHUNKS, readChunkList } from "./chunk-list.ts";
import { ChunkVerifier } from "./chunk-verifier.ts";
import { type EntityDigest, EntityLines } from "./entity-lines.ts";
import { lineFinding } from "./line-findings.ts";
import { type ModuleSizes, moduleSizes } from "./module-sizes.ts";
import { OrderCheck } from "./order-check.ts";
import { DAMAGED, SecondRead } from "./second-read.ts";

/** What to scan in one module and whom to tell. */
export interface ModuleScanOptions {
  readonly input: string;
  readonly module: string;
  readonly checks: ReadonlySet<Check>;
  /** Called for every entity that could be parsed and has an id, in file order. */
  readonly onEntity?: (entity: JsonObject, place: FindingPlace) => void;
  /** Called for a line that is no entity but has its digest, so that it is known to be there: its id is of that line. */
  readonly onUnreadable?: (place: FindingPlace) => void;
  readonly sink: FindingSink;
  /** Called before bytes with a wrong digest are read once more. */
  readonly onMismatch?: ((place: FindingPlace) => void) | undefined;
  /** Awaited now and then with the lines of data so far: lets signals in, and throws when the scan was cancelled. */
  readonly turn: (lines: number) => Promise<void>;
}

/** What the files of a module really hold; undefined parts belong to files that are missing. */
export interface ModuleFacts {
  readonly entities: number | undefined;
  readonly dataBytes: number | undefined;
  readonly entitiesBytes: number | undefined;
  readonly chunkList: ChunkList | undefined;
  /** Merkle root over the lines of entities.jsonl as they are. */
  readonly root: string | undefined;
  /** Well-formed lines of entities.jsonl. */
  readonly size: number | undefined;
}

const LINES_PER_TURN = 4096;

/** Scans the files of one module in one pass, reporting every fault, in flat memory. */
export async function scanModule(options: ModuleScanOptions): Promise<ModuleFacts> {
  const scan = new ModuleScan(options);
  try {
    return await scan.run();
  } finally {
    scan.close();
  }
}

class ModuleScan {
  readonly #options: ModuleScanOptions;
  readonly #dataFile: string;
  readonly #digests: boolean;
  readonly #parses: boolean;
  readonly #order: OrderCheck;
  readonly #range = new CompactRange();
  readonly #chunkList: ChunkList | undefined;
  readonly #boundaries: ChunkBoundaries | undefined;
  readonly #data: LineReader | undefined;
  readonly #lines: EntityLines | undefined;
  readonly #second: SecondRead;
  readonly #sizes: ModuleSizes;
  #entities = 0;

  constructor(options: ModuleScanOptions) {
    const { input, module, sink } = options;
    this.#options = options;
    this.#dataFile = `${module}/${DATA_NAME}`;
    const entitiesFile = `${module}/${CHECKSUMS_NAME}/${ENTITIES_NAME}`;
    const chunksFile = `${module}/${CHECKSUMS_NAME}/${CHUNKS_NAME}`;
    this.#sizes = moduleSizes(input, module);
    this.#digests = options.checks.has("digests");
    this.#parses = options.checks.has("encoding");
    this.#order = new OrderCheck(sink);
    this.#second = new SecondRead(input, options.onMismatch);
    if (this.#digests && this.#sizes.chunks !== undefined) {
      this.#chunkList = readChunkList(
        input,
        module,
        { data: this.#sizes.data ?? 0, entities: this.#sizes.entities ?? 0 },
        sink,
      );
    }
    const list = this.#chunkList ?? NO_CHUNKS;
    if (list.lines === list.chunks.length && this.#chunkList !== undefined) {
      this.#boundaries = new ChunkBoundaries(list.chunks, { module, file: chunksFile }, sink);
    }
    if (this.#sizes.data !== undefined) {
      const verifier = new ChunkVerifier("data", list.chunks, { module, file: this.#dataFile }, sink, this.#second);
      const onBlock = (block: Buffer, offset: number): void => verifier.update(block, offset);
      this.#data = new LineReader(`${input}/${this.#dataFile}`, this.#dataFile, { onBlock });
    }
    if (this.#digests && this.#sizes.entities !== undefined) {
      const place = { module, file: entitiesFile };
      const verifier = new ChunkVerifier("entities", list.chunks, place, sink, this.#second);
      this.#lines = new EntityLines(`${input}/${entitiesFile}`, place, sink, (block, offset) =>
        verifier.update(block, offset),
      );
    }
  }

  async run(): Promise<ModuleFacts> {
    let line = this.#nextLine();
    let digest = this.#nextDigest();
    for (let steps = 1; line !== undefined || digest !== undefined; steps += 1) {
      if (steps % LINES_PER_TURN === 0) await this.#options.turn(this.#entities);
      if (line === undefined && digest !== undefined) {
        if (this.#data !== undefined) this.#orphan(digest);
        this.#boundaries?.add(digest.id, digest.sha256, 0);
        digest = this.#nextDigest();
        continue;
      }
      if (line === undefined) break;
      const step = this.#compare(line, digest);
      if (step.digest) digest = this.#nextDigest();
      if (step.line) line = this.#nextLine();
    }
    this.#boundaries?.end();
    return {
      entities: this.#data === undefined ? undefined : this.#entities,
      dataBytes: this.#sizes.data,
      entitiesBytes: this.#sizes.entities,
      chunkList: this.#chunkList,
      root: this.#lines === undefined ? undefined : this.#range.root().toString("hex"),
      size: this.#lines === undefined ? undefined : this.#range.end,
    };
  }

  close(): void {
    this.#data?.close();
    this.#lines?.close();
  }

  #nextLine(): Line | undefined {
    const line = this.#data?.next();
    if (line !== undefined) this.#entities += 1;
    return line;
  }

  #nextDigest(): EntityDigest | undefined {
    const digest = this.#lines?.next();
    if (digest !== undefined) this.#range.append(leafHash(entityLine(digest.id, digest.sha256)));
    return digest;
  }

  /** Judges one line of data against one digest line and says which of the two to move on from. */
  #compare(read: Line, digest: EntityDigest | undefined): { readonly line: boolean; readonly digest: boolean } {
    const { line, matches } = this.#look(read, digest);
    const needsParse = this.#parses || (this.#lines !== undefined && !matches);
    const parsed = needsParse && !line.tooLong ? parseLine(line.line) : undefined;
    const id = needsParse ? idOf(parsed) : digest?.id;
    if (digest !== undefined && !matches && id !== undefined && id > digest.id) {
      this.#orphan(digest);
      this.#boundaries?.add(digest.id, digest.sha256, 0);
      return { line: false, digest: true };
    }
    const own = digest !== undefined && (matches || id === undefined || id === digest.id) ? digest : undefined;
    const place = this.#placeOf(line, id ?? own?.id);
    if (this.#lines !== undefined) this.#judgeDigest(matches || line.tooLong, id, own, place);
    if (line.torn) this.#options.sink(finding("FILE_TORN", place));
    if (line.tooLong) this.#options.sink(finding("LINE_TOO_LONG", place));
    if (this.#parses && parsed !== undefined) this.#judgeLine(parsed, id, place);
    else if (!this.#parses && id !== undefined) this.#order.next(id, place);
    const isThere = own !== undefined && (matches || line.tooLong);
    if (isThere && parsed?.value === undefined) this.#options.onUnreadable?.(place);
    if (own !== undefined) this.#boundaries?.add(own.id, own.sha256, line.line.length + 1);
    return { line: true, digest: own !== undefined };
  }

  /** The line and whether it has its digest; where it has not, its bytes are read once more and the good ones count. */
  #look(line: Line, digest: EntityDigest | undefined): { readonly line: Line; readonly matches: boolean } {
    if (digest === undefined || line.tooLong) return { line, matches: false };
    if (sha256Hex(line.line) === digest.sha256) return { line, matches: true };
    const place = { ...this.#placeOf(line, digest.id), file: this.#dataFile, offset: line.offset };
    const again = this.#second.bytes({ place, length: line.line.length });
    if (sha256Hex(again) !== digest.sha256) return { line, matches: false };
    this.#options.sink(finding("TRANSIENT_READ", { ...place, expected: digest.sha256, got: "another digest" }));
    return { line: { ...line, line: again }, matches: true };
  }

  #placeOf(line: Line, id: string | undefined): FindingPlace {
    const place = { module: this.#options.module, file: this.#dataFile, line: line.number, offset: line.offset };
    return id === undefined ? place : { ...place, id };
  }

  #judgeDigest(matches: boolean, id: string | undefined, own: EntityDigest | undefined, place: FindingPlace): void {
    const { sink } = this.#options;
    if (own === undefined) sink(finding("DIGEST_LINE_MISSING", place));
    else if (!matches) {
      const digests = { expected: own.sha256, got: "another digest" };
      sink(finding("DIGEST_MISMATCH", { ...place, ...digests, rule: DAMAGED }));
    } else if (id !== undefined && id !== own.id) {
      sink(finding("DIGEST_MISMATCH", { ...place, expected: `id ${own.id}`, got: "another id" }));
    }
  }

  /** The checks on one entity by itself: encoding, id, order, and whatever `onEntity` does. */
  #judgeLine(parsed: LineResult, id: string | undefined, place: FindingPlace): void {
    const { sink, onEntity } = this.#options;
    if (!parsed.ok) sink(lineFinding(parsed, place));
    if (parsed.value === undefined) return;
    if (id === undefined) {
      sink(finding("ENTITY_ID_INVALID", { ...place, field: "id", expected: "a lower-case UUID" }));
      return;
    }
    this.#order.next(id, place);
    onEntity?.(parsed.value, place);
  }

  #orphan(digest: EntityDigest): void {
    const file = `${this.#options.module}/${CHECKSUMS_NAME}/${ENTITIES_NAME}`;
    const place = { module: this.#options.module, file, line: digest.number, offset: digest.offset, id: digest.id };
    this.#options.sink(finding("DIGEST_LINE_ORPHAN", place));
  }
}

function idOf(parsed: LineResult | undefined): string | undefined {
  const id = parsed?.value?.["id"];
  return typeof id === "string" && UUID.test(id) ? id : undefined;
}
