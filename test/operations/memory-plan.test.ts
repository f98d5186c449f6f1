import fc from "fast-check";
import t from "tap";
import { withMemory, withSortMemory } from "../../tools/migration/operations/memory-plan.ts";
import { tuned } from "../../tools/migration/operations/tuning.ts";

const MIB = 2 ** 20;

t.test("what is shared out and what is needed are together the memory that was allowed", async () => {
  const needs = fc.record({ workers: fc.integer({ min: 1, max: 64 }), registryBytes: fc.nat(2 ** 31 - 1) });
  await fc.assert(
    fc.property(needs, fc.integer({ min: 1, max: 64 * 1024 }), ({ workers, registryBytes }, mib) => {
      const plan = attempt(() => withMemory(tuned(), mib * MIB, { workers, registryBytes }));
      const needed = (120 + 50 * workers) * MIB + registryBytes;
      if (plan === undefined) return mib * MIB < needed + 3 * workers * MIB;
      const { partitionBytes, lineMemoryBytes } = plan;
      const isShare = partitionBytes >= MIB && partitionBytes <= tuned().partitionBytes && lineMemoryBytes >= 0;
      return isShare && needed + 3 * workers * partitionBytes + lineMemoryBytes === mib * MIB;
    }),
  );
});

t.test("less than a build takes in any case is refused with what it takes", async (t) => {
  const needs = { workers: 2, registryBytes: 50 * MIB };
  t.throws(() => withMemory(tuned(), 275 * MIB, needs), {
    code: "USAGE",
    message: /at least 276 MiB .* 2 workers, got 275/,
  });
  t.equal(withMemory(tuned(), 276 * MIB, needs).lineMemoryBytes, 0);
});

t.test("a build in one thread sorts in the half of it, and in no less than 16 MiB", async (t) => {
  t.equal(withSortMemory(tuned(), 220 * MIB).sortMemoryBytes, 50 * MIB);
  t.equal(withSortMemory(tuned(), 8192 * MIB).sortMemoryBytes, tuned().sortMemoryBytes);
  t.equal(withSortMemory(tuned(), 1).sortMemoryBytes, 16 * MIB);
});

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
