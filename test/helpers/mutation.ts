import { chmodSync, lstatSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";

/** One random change of one file; places are shares of what there is, so that any file fits. */
export interface Mutation {
  readonly kind: "change" | "insert" | "delete" | "truncate" | "append" | "remove" | "rename" | "mode";
  readonly file: number;
  readonly at: number;
  readonly value: number;
}

const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

/** Any change of the bytes of a file, of its name or of its mode. */
export const anyMutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom("change", "insert", "delete", "truncate", "append", "remove", "rename", "mode"),
  file: share,
  at: share,
  value: fc.nat(254),
});

/** Changes one file below `dir`; false where nothing that counts was changed. */
export function mutate(dir: string, { kind, file, at, value }: Mutation): boolean {
  const files = filesBelow(dir);
  const path = files[Math.floor(file * files.length)] ?? "";
  if (kind === "remove") rmSync(path);
  else if (kind === "rename") renameSync(path, `${path}${value}`);
  else if (kind === "mode") {
    chmodSync(path, value);
    return (lstatSync(path).mode & 0o7777) !== 0o644;
  } else {
    const before = readFileSync(path);
    const after = mutateBytes(before, kind, Math.floor(at * before.length), value);
    writeFileSync(path, after);
    // The run id is a label that nothing is computed from (FORMATS.md, section 5).
    return !(path.endsWith("run.json") && withoutRunId(before) === withoutRunId(after));
  }
  return true;
}

function mutateBytes(before: Buffer, kind: Mutation["kind"], at: number, value: number): Buffer {
  const [head, tail] = [before.subarray(0, at), before.subarray(at)];
  if (kind === "change") return Buffer.concat([head, Buffer.from([(before[at] ?? 0) ^ (value + 1)]), tail.subarray(1)]);
  if (kind === "insert") return Buffer.concat([head, Buffer.from([value]), tail]);
  if (kind === "delete") return Buffer.concat([head, tail.subarray(1)]);
  return kind === "truncate" ? head : Buffer.concat([before, Buffer.from([value])]);
}

function withoutRunId(bytes: Buffer): string {
  return bytes.toString("latin1").replace(/"runId":"[!#-[\]-~]+"}\n$/, "");
}

function filesBelow(dir: string): readonly string[] {
  return readdirSync(dir, { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(join(dir, entry.name)) : [join(dir, entry.name)]))
    .sort();
}
