import type { Run } from "./run.ts";

export async function watchStops(_run: Run, _signal: AbortSignal): Promise<void> {}
