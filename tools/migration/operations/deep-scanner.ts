import type { ModuleDefinition } from "../model/module.ts";
import type { TaskTools } from "../pool/serve.ts";
import { DeepChecks, DeepProbe } from "../ranges/deep-probe.ts";
import { IdIndex } from "../ranges/id-index.ts";
import { verifyRange } from "../ranges/verify-range.ts";
import type { ScanSetup, ScanTask, ScanTaskResult } from "./scan-tasks.ts";

/** Checks the content of ranges; what it compiles for a module is kept for the next one. */
export class DeepScanner {
  readonly #setup: ScanSetup;
  readonly #checks = new Map<string, DeepChecks>();

  constructor(setup: ScanSetup) {
    this.#setup = setup;
  }

  scan(task: Extract<ScanTask, { kind: "deep" }>, { checkCancelled, thread }: TaskTools): ScanTaskResult {
    const module = this.#setup.modules.find(({ name }) => name === task.range.module);
    if (module === undefined) throw new TypeError(`no definition of ${task.range.module}`);
    const indexes = new Map([...task.ids].map(([name, ids]) => [name, new IdIndex(ids, thread)] as const));
    const targets = module.references.map((reference) => indexes.get(reference.target));
    const probe = new DeepProbe(this.#checksOf(module), targets);
    const range = verifyRange(task.range, checkCancelled, probe);
    return { kind: "verify", range, findings: range.clean ? probe.findings : [] };
  }

  #checksOf(module: ModuleDefinition): DeepChecks {
    const known = this.#checks.get(module.name) ?? new DeepChecks({ ...this.#setup, module });
    this.#checks.set(module.name, known);
    return known;
  }
}
