import { CHECKSUMS_NAME, CHUNKS_NAME, DATA_NAME, ENTITIES_NAME } from "../stores/module-files.ts";
import { statPath } from "./candidate-files.ts";

/** Sizes of the files of a module in bytes; undefined where there is no regular file. */
export interface ModuleSizes {
  readonly data: number | undefined;
  readonly entities: number | undefined;
  readonly chunks: number | undefined;
}

/** Looks up the sizes of the files of a module without reading them. */
export function moduleSizes(input: string, module: string): ModuleSizes {
  return {
    data: sizeOf(input, `${module}/${DATA_NAME}`),
    entities: sizeOf(input, `${module}/${CHECKSUMS_NAME}/${ENTITIES_NAME}`),
    chunks: sizeOf(input, `${module}/${CHECKSUMS_NAME}/${CHUNKS_NAME}`),
  };
}

function sizeOf(input: string, file: string): number | undefined {
  const stats = statPath(input, file);
  return stats?.isFile() === true ? stats.size : undefined;
}
