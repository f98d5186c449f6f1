import fc from "fast-check";
import t from "tap";
import { groupsOf } from "../../tools/migration/operations/work-groups.ts";

const count = fc.integer({ min: 1, max: 12 });

t.test(
  "groups hold all parts in their order, none too many, and the later ones not more than those before",
  async () => {
    await fc.assert(
      fc.property(fc.nat(300), count, fc.option(count, { nil: undefined }), (length, most, workers) => {
        const parts = Array.from({ length }, (_, at) => at);
        const groups = groupsOf(parts, most, workers);
        const sizes = groups.map((group) => group.length);
        return (
          groups.flat().join() === parts.join() &&
          sizes.every((size, at) => size >= 1 && size <= Math.min(most, sizes[at - 1] ?? most))
        );
      }),
    );
  },
);

t.test("the last work is shared out in small groups at its end only", (t) => {
  const sizes = (workers?: number): number[] =>
    groupsOf(new Array<number>(100).fill(0), 8, workers).map((group) => group.length);
  t.strictSame(sizes(), [...new Array<number>(12).fill(8), 4]);
  t.strictSame(sizes(2), [8, 8, 8, 8, 8, 8, 8, 8, 8, 7, 6, 4, 3, 2, 2, 1, 1, 1, 1]);
  t.end();
});
