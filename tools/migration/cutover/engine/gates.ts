import type { Gate } from "../plan/plan.ts";
import type { Run } from "./run.ts";

export async function evaluateGate(_run: Run, _gate: Gate): Promise<void> {}
