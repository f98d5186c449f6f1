import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { LineReader } from "../files/line-reader.ts";
import { ChunkCutter, chunkLine } from "../integrity/chunks.ts";
import { CompactRange } from "../integrity/compact-range.ts";
import { entityLine, leafHash, parseEntityLine, sha256Hex } from "../integrity/digest.ts";
import { type MerkleRecord, merkleLine } from "../integrity/merkle-file.ts";
import { MigrationError } from "../model/errors.ts";
import { FileWriter } from "../stores/file-writer.ts";
import { type ModuleFiles, moduleFiles } from "../stores/module-files.ts";
import { SortedLines } from "../stores/sorted-lines.ts";

const LINES_PER_TURN = 4096;

/** What was proved of a module that was written and read back. */
export interface BuiltModule {
  readonly merkle: MerkleRecord;
  /** SHA-256 of merkle.json. */
  readonly merkleSha256: string;
}

/** Builds the files of one module inside a build folder: sort, write, read back, prove. */
export class ModuleBuilder {
  readonly #name: string;
  readonly #files: ModuleFiles;
  readonly #lines: SortedLines;

  /** Lines beyond `sortMemoryBytes` go to `spillDir` in sorted runs. */
  constructor(
    buildDir: string,
    spillDir: string,
    options: { readonly module: string; readonly sortMemoryBytes: number },
  ) {
    const { module, sortMemoryBytes } = options;
    this.#name = module;
    this.#files = moduleFiles(buildDir, module);
    mkdirSync(this.#files.checksums, { recursive: true });
    mkdirSync(spillDir, { recursive: true });
    this.#lines = new SortedLines(spillDir, { memoryBytes: sortMemoryBytes });
  }

  /** Takes the canonical line of one entity, in any order. */
  add(id: string, line: string): void {
    this.#lines.add(id, line);
  }

  /** Gives up the spilled lines; the build folder is removed by its owner. */
  close(): void {
    this.#lines.close();
  }

  /** Writes data.jsonl and entities.jsonl, reads them back, and writes what was proved from the bytes read. */
  async build(turn: () => Promise<void>): Promise<BuiltModule> {
    await this.#write(turn);
    return this.#prove(turn);
  }

  async #write(turn: () => Promise<void>): Promise<void> {
    const data = new FileWriter(this.#files.data);
    const entities = new FileWriter(this.#files.entities);
    let count = 0;
    for (const { id, line } of this.#lines.drain()) {
      data.write(line);
      data.write("\n");
      entities.write(`${entityLine(id, sha256Hex(line))}\n`);
      count += 1;
      if (count % LINES_PER_TURN === 0) await turn();
    }
    data.close();
    entities.close();
    this.#lines.close();
  }

  /** Chunks, tree and root come from the bytes on disk, through new descriptors (FORMATS.md, section 6). */
  async #prove(turn: () => Promise<void>): Promise<BuiltModule> {
    const data = new LineReader(this.#files.data, `${this.#name}/data.jsonl`);
    const entities = new LineReader(this.#files.entities, `${this.#name}/checksums/entities.jsonl`);
    const cutter = new ChunkCutter();
    const range = new CompactRange();
    const chunks = new ChunkWriter(this.#files.chunks);
    let dataBytes = 0;
    let entitiesBytes = 0;
    try {
      for (let line = data.next(); line !== undefined; line = data.next()) {
        const digest = entities.next();
        const text = digest?.line.toString("latin1") ?? "";
        const read = parseEntityLine(text);
        if (read === undefined || read.sha256 !== sha256Hex(line.line)) throw this.#readBackError(line.number);
        chunks.add(cutter.add(read.id, read.sha256, line.line));
        range.append(leafHash(text));
        dataBytes += line.line.length + 1;
        entitiesBytes += text.length + 1;
        if (line.number % LINES_PER_TURN === 0) await turn();
      }
      if (entities.next() !== undefined) throw this.#readBackError(range.end + 1);
    } finally {
      data.close();
      entities.close();
    }
    chunks.add(cutter.end());
    return this.#record(range, chunks, dataBytes, entitiesBytes);
  }

  #record(range: CompactRange, chunks: ChunkWriter, dataBytes: number, entitiesBytes: number): BuiltModule {
    const merkle: MerkleRecord = {
      chunks: chunks.close(),
      data: { bytes: dataBytes },
      entities: { bytes: entitiesBytes },
      format: "candor-merkle/1",
      hash: "sha-256",
      leaf: "entities-line",
      module: this.#name,
      ordering: "id",
      root: range.root().toString("hex"),
      size: range.end,
      tree: "rfc6962",
    };
    const text = merkleLine(merkle);
    const writer = new FileWriter(this.#files.merkle);
    writer.write(text);
    writer.close();
    return { merkle, merkleSha256: sha256Hex(text) };
  }

  #readBackError(line: number): MigrationError {
    return new MigrationError("READ_BACK", {
      message: `Reading back ${this.#name}: line ${line} on disk is not what was written.`,
      remedy: "Check the disk and its free space, then run `candor migrate` again; nothing was published.",
    });
  }
}

class ChunkWriter {
  readonly #writer: FileWriter;
  readonly #hash = createHash("sha256");
  #count = 0;

  constructor(path: string) {
    this.#writer = new FileWriter(path);
  }

  add(record: Parameters<typeof chunkLine>[0] | undefined): void {
    if (record === undefined) return;
    const text = `${chunkLine(record)}\n`;
    this.#writer.write(text);
    this.#hash.update(text);
    this.#count += 1;
  }

  close(): MerkleRecord["chunks"] {
    const bytes = this.#writer.bytes;
    this.#writer.close();
    return { bytes, count: this.#count, sha256: this.#hash.digest("hex") };
  }
}

/** Where spilled lines of a module lie while a candidate is built; beside the build, never inside the candidate. */
export function spillFolder(buildDir: string): string {
  return join(buildDir, ".spill");
}
