import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { compareCodeUnits } from "../integrity/order.ts";
import { type RunInputs, type RunModule, type RunRecord, runLine, runRoot } from "../integrity/run-file.ts";
import { FileWriter } from "../stores/file-writer.ts";
import { CHECKSUMS_NAME, runFile } from "../stores/module-files.ts";
import type { BuiltModules } from "./sequential-build.ts";

/** What run.json is made of. */
export interface RunParts extends BuiltModules {
  readonly inputs: RunInputs;
  /** The build folder. */
  readonly path: string;
  readonly runId: string;
}

/** Writes run.json, which binds all modules to one root. */
export function writeRun(parts: RunParts): RunRecord {
  const { inputs } = parts;
  const modules: RunModule[] = [...parts.built]
    .sort(([a], [b]) => compareCodeUnits(a, b))
    .map(([name, { merkle, merkleSha256 }]) => {
      const read = parts.ledgers.get(name)?.read ?? 0;
      return { merkleSha256, name, read, root: merkle.root, size: merkle.size };
    });
  const root = runRoot(inputs, modules);
  const record: RunRecord = { format: "candor-run/1", inputs, modules, root, runId: parts.runId };
  mkdirSync(join(parts.path, CHECKSUMS_NAME));
  const writer = new FileWriter(runFile(parts.path));
  writer.write(runLine(record));
  writer.close();
  return record;
}
