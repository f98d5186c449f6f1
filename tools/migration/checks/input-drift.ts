import { compareCodeUnits } from "../integrity/order.ts";
import type { RunInputs } from "../integrity/run-file.ts";
import { type FindingSink, finding } from "../model/finding.ts";

/** Reports every input of a candidate that differs from what the project holds now. */
export function checkInputDrift(recorded: RunInputs, current: RunInputs, sink: FindingSink): void {
  const before = flatten(recorded);
  const now = flatten(current);
  for (const field of [...new Set([...before.keys(), ...now.keys()])].sort(compareCodeUnits)) {
    const expected = before.get(field) ?? "nothing";
    const got = now.get(field) ?? "nothing";
    if (expected === got) continue;
    const module = /^(?:modules|registries)\/([^/]+)/.exec(field)?.[1];
    sink(
      finding("INPUT_DRIFT", { ...(module === undefined ? {} : { module }), field: `inputs/${field}`, expected, got }),
    );
  }
}

function flatten(inputs: RunInputs): Map<string, string> {
  const flat = new Map([
    ["config", inputs.config],
    ["source/kind", inputs.source.kind],
  ]);
  for (const [module, digests] of Object.entries(inputs.modules)) {
    for (const [part, digest] of Object.entries(digests)) flat.set(`modules/${module}/${part}`, String(digest));
  }
  for (const [module, digest] of Object.entries(inputs.registries)) flat.set(`registries/${module}`, digest);
  return flat;
}
