import { median } from "../measure/statistics.ts";
import { ENGINES } from "../sources/tables.ts";
import { against, compare, type Line, present, type SizeResult } from "./line.ts";

const PEERS = {
  sqlite: "better-sqlite3, raw iterate",
  postgres: "COPY to nowhere",
  mysql: "mysql2, raw rows",
} as const;

/** Lines about reading a table as `migrate` does, in one thread, beside the driver's own best. */
export function sourceLines({ measured, prepared }: SizeResult): readonly Line[] {
  return ENGINES.filter((engine) => measured.has(`read ${engine}`)).map((engine) => {
    const ours = measured.get(`read ${engine}`);
    const seconds = median(present(ours?.values ?? []));
    const rate = seconds === undefined ? {} : { note: `${Math.round(prepared.size / seconds)} rows/s` };
    return compare({
      work: `read a table of ${engine}, 1 thread`,
      size: prepared.size,
      ours,
      peer: PEERS[engine],
      ...against(measured.get(`driver ${engine}`)),
      ...rate,
    });
  });
}
