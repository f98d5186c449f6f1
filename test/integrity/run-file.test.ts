import { createHash } from "node:crypto";
import t from "tap";
import { type MerkleRecord, merkleLine, parseMerkle } from "../../tools/migration/integrity/merkle-file.ts";
import {
  parseRun,
  type RunInputs,
  type RunModule,
  type RunRecord,
  runLine,
  runRoot,
} from "../../tools/migration/integrity/run-file.ts";

function sha(...parts: readonly (string | Uint8Array)[]): Buffer {
  return createHash("sha256")
    .update(Buffer.concat(parts.map((part) => Buffer.from(part))))
    .digest();
}

function hex(text: string): string {
  return sha(text).toString("hex");
}

const merkle: MerkleRecord = {
  tree: "rfc6962",
  size: 3,
  root: hex("root"),
  ordering: "id",
  module: "kunden",
  leaf: "entities-line",
  hash: "sha-256",
  format: "candor-merkle/1",
  entities: { bytes: 366 },
  data: { bytes: 250 },
  chunks: { sha256: hex("chunks"), count: 1, bytes: 300 },
};
const merkleText = `{"chunks":{"bytes":300,"count":1,"sha256":"${hex("chunks")}"},"data":{"bytes":250},"entities":{"bytes":366},"format":"candor-merkle/1","hash":"sha-256","leaf":"entities-line","module":"kunden","ordering":"id","root":"${hex("root")}","size":3,"tree":"rfc6962"}\n`;

t.test("merkle.json is one line in the form of FORMATS.md and nothing else is read", async (t) => {
  t.equal(merkleLine(merkle), merkleText);
  t.strictSame(parseMerkle(merkleText), merkle);
  const wrong = [
    merkleText.trimEnd(),
    `${merkleText}\n`,
    merkleText.replace("candor-merkle/1", "candor-merkle/2"),
    merkleText.replace("rfc6962", "rfc6963"),
    merkleText.replace('"size":3', '"size":-3'),
    merkleText.replace('"size":3', '"size":3,"tag":1'),
    merkleText.replace('"size":3,', ""),
    merkleText.replace('"kunden"', '"checksums"'),
    merkleText.replace('"kunden"', '"Kunden"'),
    merkleText.replace('"data":{"bytes":250}', '"data":{"bytes":250,"sha256":""}'),
    merkleText.replace('"data":{"bytes":250}', '"data":null'),
    merkleText.replace('"count":1', '"count":1.5'),
    merkleText.replace(hex("root"), hex("root").slice(1)),
    merkleText.replace(",", ", "),
    "",
    "null\n",
  ];
  for (const [at, text] of wrong.entries()) t.equal(parseMerkle(text), undefined, `wrong form ${at}`);
});

const inputs: RunInputs = {
  config: hex("config"),
  modules: {
    kunden: { definition: hex("d"), schema: hex("s") },
    hunde: { definition: hex("d"), mapper: hex("m"), schema: hex("s") },
  },
  registries: { kunden: hex("r") },
  source: { kind: "module" },
};
const modules: readonly RunModule[] = [
  { merkleSha256: hex("1"), name: "hunde", read: 2, root: hex("2"), size: 2 },
  { merkleSha256: hex("3"), name: "kunden", read: 3, root: hex("4"), size: 3 },
];
const inputsText = `{"config":"${hex("config")}","modules":{"hunde":{"definition":"${hex("d")}","mapper":"${hex("m")}","schema":"${hex("s")}"},"kunden":{"definition":"${hex("d")}","schema":"${hex("s")}"}},"registries":{"kunden":"${hex("r")}"},"source":{"kind":"module"}}`;
const moduleTexts = [
  `{"merkleSha256":"${hex("1")}","name":"hunde","read":2,"root":"${hex("2")}","size":2}`,
  `{"merkleSha256":"${hex("3")}","name":"kunden","read":3,"root":"${hex("4")}","size":3}`,
];

t.test("the run root is the tree over the inputs and the module records", async (t) => {
  const [first, second, third] = [`{"format":"candor-run/1","inputs":${inputsText}}`, ...moduleTexts].map((text) =>
    sha("\0", text),
  );
  if (first === undefined || second === undefined || third === undefined) throw new Error("three texts");
  t.equal(runRoot(inputs, []), first.toString("hex"));
  t.equal(runRoot(inputs, modules), sha("\u0001", sha("\u0001", first, second), third).toString("hex"));
});

t.test("run.json is one line in the form of FORMATS.md and nothing else is read", async (t) => {
  const root = runRoot(inputs, modules);
  const record: RunRecord = { runId: "run-local", root, modules, inputs, format: "candor-run/1" };
  const text = `{"format":"candor-run/1","inputs":${inputsText},"modules":[${moduleTexts.join(",")}],"root":"${root}","runId":"run-local"}\n`;
  t.equal(runLine(record), text);
  t.strictSame(parseRun(text), record);
  const wrong = [
    text.trimEnd(),
    text.replace("candor-run/1", "candor-run/2"),
    text.replace(moduleTexts.join(","), moduleTexts.toReversed().join(",")),
    text.replace(moduleTexts.join(","), `${moduleTexts[0]},${moduleTexts[0]}`),
    text.replace('"name":"kunden"', '"name":"../kunden"'),
    text.replace('"read":3', '"read":3,"time":1'),
    text.replace('"read":3,', ""),
    text.replace('"registries":{"kunden"', '"registries":{"checksums"'),
    text.replace('"schema":', '"scheme":'),
    text.replace('"mapper":', '"mappes":'),
    text.replace('"kind":"module"', '"kind":""'),
    text.replace('"kind":"module"', '"kind":"module","path":"x"'),
    text.replace('"runId":"run-local"', '"runId":""'),
    text.replace('"runId":"run-local"', '"runId":1'),
    text.replace(`"root":"${root}"`, '"root":null'),
    text.replace(`[${moduleTexts.join(",")}]`, "{}"),
    "",
  ];
  for (const [at, line] of wrong.entries()) t.equal(parseRun(line), undefined, `wrong form ${at}`);
});
