import type { TaskHandler, TaskTools } from "../pool/serve.ts";
import type { DeepScanner } from "./deep-scanner.ts";
import type { ScanSetup, ScanTask, ScanTaskResult } from "./scan-tasks.ts";

/**
 * Does the pieces of a scan, in a worker or in the main thread. What a piece needs is loaded when the first such piece
 * comes: a worker that only scrubs starts in 5 ms instead of 40.
 */
export function createScanHandler(setup: ScanSetup): TaskHandler<ScanTask, ScanTaskResult> {
  let scanner: DeepScanner | undefined;
  return async (task, tools) => ({ result: await handle(task, tools) });

  async function handle(task: ScanTask, tools: TaskTools): Promise<ScanTaskResult> {
    const { checkCancelled, thread } = tools;
    switch (task.kind) {
      case "ids": {
        const { readIds } = await import("../ranges/read-ids.ts");
        return { kind: "ids", clean: readIds(task.range, checkCancelled) };
      }
      case "index": {
        const { indexIds } = await import("../ranges/id-index.ts");
        indexIds(task.ids, task.begin, task.end);
        return { kind: "index", clean: true };
      }
      case "scrub": {
        const { scrubRange } = await import("../ranges/scrub-range.ts");
        return { kind: "scrub", clean: scrubRange(task.range, checkCancelled) };
      }
      case "registry": {
        const { passRegistry } = await import("../ranges/registry-pass.ts");
        return { kind: "registry", range: passRegistry(task.range, checkCancelled, thread) };
      }
      case "registry-digest": {
        const { digestRegistry } = await import("../ranges/registry-digest.ts");
        return { kind: "registry-digest", sha256: digestRegistry(task.path, task.file, checkCancelled) };
      }
      case "disjoint": {
        const { isDisjointSlice } = await import("../ranges/shared-ids.ts");
        return { kind: "disjoint", clean: isDisjointSlice(task.slice) };
      }
      case "verify": {
        const { verifyRange } = await import("../ranges/verify-range.ts");
        return { kind: "verify", range: verifyRange(task.range, checkCancelled), findings: [] };
      }
      case "deep": {
        const { DeepScanner } = await import("./deep-scanner.ts");
        scanner ??= new DeepScanner(setup);
        return scanner.scan(task, tools);
      }
    }
  }
}
