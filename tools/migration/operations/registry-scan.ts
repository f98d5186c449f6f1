import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Project } from "../config/project.ts";
import { compareCodeUnits } from "../integrity/order.ts";
import type { RunInputs } from "../integrity/run-file.ts";
import type { Finding, FindingSink } from "../model/finding.ts";
import { cutLines } from "../ranges/cut-lines.ts";
import type { IdIndex } from "../ranges/id-index.ts";
import { areAllSeen } from "../ranges/registry-pass.ts";
import type { SharedIds } from "../ranges/shared-id-memory.ts";
import { readLock, registryFile } from "./registry-files.ts";
import type { ScanTask, ScanTaskResult } from "./scan-tasks.ts";
import type { Tuning } from "./tuning.ts";

interface RegistryFacts {
  readonly entries: number;
  readonly sha256: string;
  readonly unused: Uint32Array;
}

/** The registries of a scan, read in parallel and in their committed form; any other form is for the authority. */
export class RegistryScan {
  readonly #project: Project;
  readonly #ids: ReadonlyMap<string, SharedIds>;
  readonly #spanBytes: number;
  readonly #tasks = new Map<string, readonly ScanTask[]>();
  readonly #facts = new Map<string, RegistryFacts>();
  /** For each id of a module one byte, which its registry tasks share. */
  readonly #seen = new Map<string, SharedArrayBuffer>();

  constructor(project: Project, ids: ReadonlyMap<string, SharedIds>, { spanBytes }: Pick<Tuning, "spanBytes">) {
    this.#project = project;
    this.#ids = ids;
    this.#spanBytes = spanBytes;
  }

  /** False where a registry is missing. */
  hasFiles(): boolean {
    const { root, modules } = this.#project;
    return modules.every(({ name }) => existsSync(join(root, registryFile(root, name))));
  }

  /** The facts of a module's registry once its tasks were taken. */
  facts(module: string): RegistryFacts | undefined {
    return this.#facts.get(module);
  }

  /** The tasks for the registry of a module. */
  tasks(module: string): readonly ScanTask[] {
    const known = this.#tasks.get(module);
    if (known !== undefined) return known;
    const file = registryFile(this.#project.root, module);
    const path = join(this.#project.root, file);
    const ids = this.#ids.get(module);
    const tasks: ScanTask[] = [{ kind: "registry-digest", path, file }];
    if (ids !== undefined) {
      const seen = new SharedArrayBuffer(ids.size);
      this.#seen.set(module, seen);
      const spans = cutLines(path, this.#spanBytes);
      spans.forEach((span, at) => {
        const edges = { isFirst: at === 0, isLast: at === spans.length - 1 };
        tasks.push({ kind: "registry", range: { ...span, ...edges, path, file, module, ids, seen } });
      });
    }
    this.#tasks.set(module, tasks);
    return tasks;
  }

  /** Takes the results of a module's tasks; false where the registry is for the authority. */
  async take(module: string, results: AsyncGenerator<ScanTaskResult>, sink: FindingSink): Promise<boolean> {
    const found: Finding[] = [];
    const unused: number[] = [];
    let [entries, matched, sha256] = [0, 0, ""];
    let last: Uint8Array | undefined;
    for (const task of this.tasks(module)) {
      const result = (await results.next()).value;
      if (task.kind === "registry-digest" && result?.kind === "registry-digest") {
        sha256 = result.sha256;
        continue;
      }
      if (result?.kind !== "registry" || !result.range.clean) return false;
      const { range } = result;
      if (range.entries > 0 && last !== undefined && Buffer.compare(last, range.first) >= 0) return false;
      if (range.entries > 0) last = range.last;
      entries += range.entries;
      matched += range.matched;
      // One by one: a registry of which most is unused has more of them than a call may have arguments.
      for (const word of range.unused) unused.push(word);
      for (const one of range.findings) found.push(one);
    }
    const seen = this.#seen.get(module);
    if (seen === undefined || matched !== seen.byteLength || !areAllSeen(seen)) return false;
    for (const one of found) sink(one);
    this.#facts.set(module, { entries, sha256, unused: Uint32Array.from(unused) });
    return true;
  }

  /** True where no unused entry has the id of an entity or of another unused entry. */
  unusedAreDistinct(lists: readonly IdIndex[]): boolean {
    const seen = new Set<string>();
    for (const { unused } of this.#facts.values()) {
      for (let at = 0; at < unused.length; at += 4) {
        const key = unused.subarray(at, at + 4).join(" ");
        if (seen.has(key) || lists.some((list) => list.find(unused, at) >= 0)) return false;
        seen.add(key);
      }
    }
    return true;
  }
}

/** True where every registry is exactly as it was frozen. */
export function checkFrozenDigests(project: Project, registries: RegistryScan): boolean {
  const lock = readLock(project.root);
  return project.modules.every(({ name }) => {
    const [facts, frozen] = [registries.facts(name), lock.get(name)];
    return facts !== undefined && facts.entries === frozen?.entries && facts.sha256 === frozen.sha256;
  });
}

/** Everything a candidate is built from, as digests (FORMATS.md, section 5). */
export function digestInputs(project: Project, registries: RegistryScan): RunInputs {
  const sorted = [...project.modules].sort((a, b) => compareCodeUnits(a.name, b.name));
  return {
    config: project.configDigest,
    modules: Object.fromEntries(sorted.map((module) => [module.name, module.digests])),
    registries: Object.fromEntries(sorted.map(({ name }) => [name, registries.facts(name)?.sha256 ?? ""])),
    source: { kind: project.source.kind },
  };
}
