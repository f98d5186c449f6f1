import { join } from "node:path";
import { bundleProgram } from "../../tools/build/bundle-program.ts";
import { REPOSITORY } from "../measure/tool.ts";

/** Where `migrate` without its read back is, put together as the tool is. */
export const UNREAD_PROGRAM = join(REPOSITORY, "build/bench-program");

export async function bundleUnread(): Promise<void> {
  const threads = ["bench/peers/unread-child.js", "tools/migration/operations/build-worker.js"];
  await bundleProgram(
    threads.map((file) => `build/${file}`),
    UNREAD_PROGRAM,
  );
}
