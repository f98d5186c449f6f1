import type { Project } from "../config/project.ts";
import { IdIndex } from "../ranges/id-index.ts";
import { allocateSets, type SharedIds } from "../ranges/shared-id-memory.ts";
import { moduleFiles } from "../stores/module-files.ts";
import type { ModulePlan } from "./scan-plan.ts";
import type { ScanTask, ScanTaskResult } from "./scan-tasks.ts";

/** The ids of every module in shared memory, so that references are settled wherever they are met. */
export class ScanIds {
  readonly #input: string;
  readonly #perTask: number;
  readonly #threads: number;
  readonly #ids = new Map<string, SharedIds>();

  /** `perTask` ids are read, or compared with those of other modules, at a time, by so many threads. */
  constructor(input: string, perTask: number, threads: number) {
    this.#input = input;
    this.#perTask = perTask;
    this.#threads = Math.max(1, threads);
  }

  /** Makes room for the ids of these modules; false where there cannot be so much. */
  allocate(plans: readonly ModulePlan[]): boolean {
    const sizes = plans.map(({ size }) => size);
    const sets = allocateSets(sizes, this.#threads);
    sets?.forEach((ids, at) => {
      this.#ids.set(plans[at]?.name ?? "", ids);
    });
    return sets !== undefined;
  }

  /** The tasks that read the ids, each with the name of its module. */
  readTasks(): readonly (readonly [string, ScanTask])[] {
    return [...this.#ids].flatMap(([name, ids]) => {
      const path = moduleFiles(this.#input, name).entities;
      return Array.from({ length: Math.ceil(ids.size / this.#perTask) }, (_, part) => {
        const begin = part * this.#perTask;
        const range = { path, begin, end: Math.min(ids.size, begin + this.#perTask), ids };
        return [name, { kind: "ids", range }] as const;
      });
    });
  }

  /** The tasks that make the ids ready for lookups, to be run once all are read. */
  indexTasks(): readonly ScanTask[] {
    return [...this.#ids.values()].flatMap((ids) =>
      this.#parts(ids.size).map(({ begin, end }) => ({ kind: "index" as const, ids, begin, end })),
    );
  }

  /** At least one part, which makes the buckets of no ids. */
  #parts(size: number): readonly { readonly begin: number; readonly end: number }[] {
    return Array.from({ length: Math.max(1, Math.ceil(size / this.#perTask)) }, (_, part) => {
      const begin = part * this.#perTask;
      return { begin, end: Math.min(size, begin + this.#perTask) };
    });
  }

  get byModule(): ReadonlyMap<string, SharedIds> {
    return this.#ids;
  }

  /** The ids of the modules that a module refers to. */
  targetsOf(project: Project, module: string): ReadonlyMap<string, SharedIds> {
    const definition = project.modules.find(({ name }) => name === module);
    const names = new Set(definition?.references.map(({ target }) => target));
    return new Map([...this.#ids].filter(([name]) => names.has(name)));
  }

  indexes(): readonly IdIndex[] {
    return [...this.#ids.values()].map((ids) => new IdIndex(ids));
  }

  /** The tasks that find out whether two modules have an id in common. */
  *disjointTasks(): Generator<ScanTask> {
    const lists = [...this.#ids.values()];
    const ids = lists.reduce((sum, { size }) => sum + size, 0);
    const parts = lists.length < 2 ? 0 : Math.ceil(ids / this.#perTask);
    for (let part = 0; part < parts; part += 1) yield { kind: "disjoint", slice: { lists, part, parts } };
  }

  /** Takes the results of `disjointTasks`. */
  async areDisjoint(results: AsyncGenerator<ScanTaskResult>): Promise<boolean> {
    for (const _ of this.disjointTasks()) {
      const result = (await results.next()).value;
      if (result?.kind !== "disjoint" || !result.clean) return false;
    }
    return true;
  }
}
