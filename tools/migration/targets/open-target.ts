import { resolve } from "node:path";
import { resolveServer, type ServerConfig } from "../databases/server-place.ts";
import type { Target } from "./target.ts";

/** Where a target is. */
export type TargetPlace = ServerConfig | { readonly kind: "sqlite"; readonly path: string };

/** Opens a database for writing; the driver is loaded only when it is used. */
export async function openTarget(place: TargetPlace, root: string): Promise<Target> {
  switch (place.kind) {
    case "sqlite": {
      const { openSqliteTarget } = await import("./sqlite-target.ts");
      return openSqliteTarget(resolve(root, place.path), place.path);
    }
    case "postgres": {
      const { openPostgresTarget } = await import("./postgres-target.ts");
      return openPostgresTarget(resolveServer(place, { root }));
    }
    case "mysql": {
      const { openMysqlTarget } = await import("./mysql-target.ts");
      return openMysqlTarget(resolveServer(place, { root }));
    }
  }
}
