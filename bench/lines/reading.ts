import type { Measurements } from "../measure/rounds.ts";
import { hashFloor, LEAF_BYTES } from "../peers/openssl.ts";
import { against, best, compare, type Line, type SizeResult } from "./line.ts";

/** Lines about programs that read a candidate: verify, scrub, scan and diff. */
export function readingLines(result: SizeResult): readonly Line[] {
  const { measured, workers } = result;
  const has = (name: string) => measured.has(name) || measured.has("openssl bulk");
  return [
    ...(has("verify") ? verifyLines(result) : []),
    ...(measured.has("scan") ? scanLines(result) : []),
    ...(measured.has("help") ? diffLines(result) : []),
    ...(workers > 1 ? workerLines(result) : []),
  ];
}

function verifyLines(result: SizeResult): readonly Line[] {
  const { measured, workers, prepared } = result;
  const { size } = prepared;
  const verify = compare({
    work: `verify-checksums, ${threadsOf(result, "verify-checksums")}`,
    size,
    ours: measured.get("verify"),
    peer: `hash floor, ${workers} cores`,
    peers: floors(result, workers),
    limit: 1.8,
  });
  const single = compare({
    work: "verify-checksums, 1 worker",
    size,
    ours: measured.get("verify 1"),
    peer: "hash floor, 1 core",
    peers: floors(result, 1),
  });
  const scrub = compare({
    work: "verify-checksums --level scrub",
    size,
    ours: measured.get("scrub"),
    peer: "openssl speed, 1 MiB",
    peers: rates(measured, "openssl bulk")?.map((rate) => rate && fileBytes(result) / rate),
    limit: 1.4,
  });
  return [...(measured.has("verify") ? [verify, ...(workers > 1 ? [single] : [])] : []), scrub];
}

function scanLines(result: SizeResult): readonly Line[] {
  const { measured, prepared } = result;
  const peer = best(measured, "duckdb scan ");
  const work = `scan-all, ${threadsOf(result, "scan-all")}`;
  const head = { work, size: prepared.size, ours: measured.get("scan") };
  return [
    compare({ ...head, peer: peer?.name ?? "duckdb", ...against(peer?.entry), limit: 0.75 }),
    compare({ ...head, peer: "naive pipeline", ...against(measured.get("naive scan")) }),
  ];
}

function diffLines({ measured, prepared }: SizeResult): readonly Line[] {
  const [diff, help] = [measured.get("diff"), measured.get("help")];
  const line = compare({
    work: "diff of 10 entities, with start",
    size: prepared.size,
    ours: diff,
    peer: "start (--help) + 0.1 s",
    peers: help?.values.map((seconds) => seconds && seconds + 0.1),
    limit: 1,
  });
  return [line];
}

function workerLines({ measured, workers, prepared }: SizeResult): readonly Line[] {
  return ["verify", "scan"]
    .filter((name) => measured.has(name))
    .map((name) => {
      const single = measured.get(`${name} 1`);
      const work = `${name === "verify" ? "verify-checksums" : "scan-all"}, 1 -> ${workers} workers`;
      const peers = measured.get(name)?.values;
      return compare({
        work,
        size: prepared.size,
        ours: single,
        peer: `${workers} workers`,
        peers,
        limit: 1.7,
        atLeast: true,
      });
    });
}

/** The floor of every round, out of that round's rates. */
function floors(result: SizeResult, cores: number): readonly (number | undefined)[] | undefined {
  const { measured, prepared } = result;
  const [line, leaf, node] = ["line", "leaf", "node"].map((name) => rates(measured, `openssl ${name}`));
  const bulk = rates(measured, cores > 1 || !measured.has("openssl bulk 1") ? "openssl bulk" : "openssl bulk 1");
  const entities = prepared.candidate.modules.reduce((sum, module) => sum + module.entities, 0);
  const work = { entities, lineBytes: lineBytesOf(result.prepared), fileBytes: fileBytes(result) };
  return line?.map((rate, round) => {
    const [ofLeaf, ofNode, ofBulk] = [leaf?.[round], node?.[round], bulk?.[round]];
    if (rate === undefined || ofLeaf === undefined || ofNode === undefined || ofBulk === undefined) return undefined;
    return hashFloor(work, { line: rate, leaf: ofLeaf, node: ofNode, bulk: ofBulk }, cores);
  });
}

/** Mean bytes of a line, without LF. */
export function lineBytesOf({ candidate }: SizeResult["prepared"]): number {
  const entities = candidate.modules.reduce((sum, module) => sum + module.entities, 0);
  const bytes = candidate.modules.reduce((sum, module) => sum + module.dataBytes, 0);
  return entities === 0 ? 1 : bytes / entities - 1;
}

function fileBytes({ prepared }: SizeResult): number {
  return prepared.candidate.modules.reduce(
    (sum, { dataBytes, entities }) => sum + dataBytes + LEAF_BYTES * entities,
    0,
  );
}

function rates(measured: Measurements, name: string): readonly (number | undefined)[] | undefined {
  return measured.get(name)?.values;
}

/** Before the verb takes `--workers` it runs on one thread, whatever the peer has. */
function threadsOf({ features, workers }: SizeResult, verb: string): string {
  if (!features.workers.includes(verb)) return "one thread so far";
  return workers === 1 ? "1 worker" : `${workers} workers`;
}
