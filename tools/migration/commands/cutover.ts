import type { Command } from "commander";
import { addDocumentCommands } from "./cutover-documents.ts";
import { addCutoverPlanCommands } from "./cutover-plan.ts";
import { addCutoverRequestCommands } from "./cutover-requests.ts";
import { addCutoverRunCommands } from "./cutover-run.ts";
import type { Session } from "./session.ts";

/** Adds `cutover …`. */
export function addCutoverCommands(program: Command, session: Session): void {
  const cutover = program
    .command("cutover")
    .description("run a cutover as a plan: gates, timeline, stops, rollback, evidence");
  addCutoverPlanCommands(cutover, session);
  addCutoverRunCommands(cutover, session);
  addCutoverRequestCommands(cutover, session);
  addDocumentCommands(cutover, session);
}
