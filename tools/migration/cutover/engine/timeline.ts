import type { Run } from "./run.ts";

export async function walkTimeline(_run: Run): Promise<void> {}
