import type { Test } from "tap";
import { migrate } from "../../tools/migration/operations/migrate.ts";
import { freezeRegistries } from "../../tools/migration/operations/registry-freeze.ts";
import { contextOf, runOperation } from "./operations.ts";

/**
 * Asserts that what `init` wrote goes through without editing a file: freeze, dry run, build, comparison with the source,
 * all without a finding. In this process, for five starts of the program take longer than the work.
 */
export async function goesThrough(t: Test, root: string): Promise<void> {
  await freezeRegistries(contextOf(root), [], { acceptChanged: false });
  t.strictSame((await runOperation(root, "dry-run")).findings, [], "dry-run finds nothing");
  const { summary } = await migrate(contextOf(root), { runId: "run-test", failAfterModule: undefined });
  t.match(summary, { totalBlockers: 0, totalWarnings: 0 }, "migrate finds nothing");
  t.strictSame((await runOperation(root, "verify-source")).findings, [], "verify-source finds nothing");
}
