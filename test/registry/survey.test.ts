import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import t from "tap";
import type { Finding } from "../../tools/migration/model/finding.ts";
import { loadRegistry } from "../../tools/migration/registry/load-registry.ts";
import { findSharedIds, findSharedUuids } from "../../tools/migration/registry/shared-uuids.ts";
import { type RegistrySurvey, surveyRegistry } from "../../tools/migration/registry/survey.ts";
import { SpillFolder } from "../../tools/migration/stores/spill-folder.ts";
import { thrown, uuid } from "../helpers/registry.ts";

const turn = async (): Promise<void> => {};

/** A registry with every kind of fault: ids from few, so that they come twice, in any order. */
const element = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ id: fc.constantFrom("a", "b", "c", "\0", "a\0", "\u{1f600}", "ä", "zz"), uuid: fc.nat(9) }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "7",
      '{"legacyId":"a"}',
      '{"legacyId":"a","legacyId":"a"}',
      '{"legacyId":"b","targetUuid":"x","version":0}',
    ),
  },
);
const registry = fc.record({
  elements: fc.array(element, { maxLength: 14 }),
  isSorted: fc.boolean(),
  isLines: fc.boolean(),
});

function textOf({ elements, isSorted, isLines }: typeof registry extends fc.Arbitrary<infer T> ? T : never): string {
  const texts = elements.map((one) =>
    typeof one === "string"
      ? one
      : JSON.stringify({ legacyId: one.id, targetUuid: uuid(one.uuid), version: 1 + one.uuid }),
  );
  if (isSorted) texts.sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
  return isLines ? texts.map((text) => `${text}\n`).join("") : `[\n${texts.join(",\n")}\n]\n`;
}

t.test("a survey finds what loading finds, in the same order, and gives the same entries", async (t) => {
  const dir = t.testdir();
  await fc.assert(
    fc.asyncProperty(fc.array(registry, { minLength: 1, maxLength: 4 }), async (registries) => {
      const inputs = registries.map((one, number) => {
        const [module, file] = [`m${9 - number}`, `m${9 - number}.${one.isLines ? "jsonl" : "json"}`];
        writeFileSync(join(dir, file), textOf(one));
        return { module, file, path: join(dir, file) };
      });
      const [expected, found]: [Finding[], Finding[]] = [[], []];
      const loaded = inputs.map((input) => loadRegistry(input, (one) => expected.push(one)));
      findSharedUuids(loaded, (one) => expected.push(one));
      const folder = new SpillFolder(dir);
      const surveys: RegistrySurvey[] = [];
      for (const input of inputs) {
        surveys.push(await surveyRegistry(input, { folder, turn, sink: (one) => found.push(one) }));
      }
      findSharedIds(surveys, folder, (one) => found.push(one));
      t.strictSame(found, expected);
      for (const [at, survey] of surveys.entries()) {
        const whole = loaded[at];
        t.strictSame([...survey.entries()], [...(whole?.entries() ?? [])]);
        t.match(survey, { module: whole?.module, size: whole?.size, sha256: whole?.sha256, faults: whole?.faults });
      }
      folder.close();
    }),
    { numRuns: 300 },
  );
});

t.test("a registry that is written to while it is read again is refused", async (t) => {
  const dir = t.testdir();
  const path = join(dir, "people.json");
  const entry = (id: string): string => `{"legacyId":"${id}","targetUuid":"${uuid(1)}","version":1}`;
  writeFileSync(path, `[\n${entry("a")}\n]\n`);
  const folder = new SpillFolder(dir);
  const survey = await surveyRegistry(
    { module: "people", file: "people.json", path },
    { folder, turn, sink: () => {} },
  );
  t.equal([...survey.entries()].length, 1);
  writeFileSync(path, `[\n${entry("bb")}\n]\n`);
  t.match(
    thrown(() => [...survey.entries()]),
    { code: "IO", message: /^Reading people\.json: expected the same file/ },
  );
  folder.close();
});
