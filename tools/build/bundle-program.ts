import { copyFileSync, cpSync, mkdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { build, type Plugin } from "esbuild";
import { PRECOMPILED } from "../migration/config/precompiled.ts";
import { lanesModule } from "../migration/integrity/lanes/lanes-module.ts";

/**
 * Puts the compiled program into one file for each thread that runs it. Node reads and resolves each module by itself, 0.3 ms
 * each: CPU of the example, least of seven, as modules and as one file: dry-run 0.40, 0.32; migrate 0.46, 0.36; scan-all
 * 0.33, 0.28; `--version` 0.10 both. A module in it is still evaluated, and a package loaded, when something first asks for it.
 */
const COMPILED = "build/tools/migration";
/** What stays apart: the file that reads the kept code of the others, and what such a program cannot do by itself. */
const IMPORTER = "import-module.js";
const APART = ["load-program.js", `files/${IMPORTER}`];

/** The hashes in vectors as they are assembled now: assembling takes 14 ms in each thread. */
const assembled: Plugin = {
  name: "assembled",
  setup({ onLoad }) {
    const text = Buffer.from(lanesModule()).toString("base64");
    const contents = `export const lanesModule = () => Buffer.from("${text}", "base64");`;
    onLoad({ filter: /[/\\]lanes[/\\]lanes-module\.js$/ }, () => ({ contents }));
  },
};

const apart: Plugin = {
  name: "apart",
  setup({ onResolve }) {
    onResolve({ filter: /[/\\]import-module\.js$/ }, ({ kind }) =>
      kind === "entry-point" ? undefined : { path: `./${IMPORTER}`, external: true },
    );
  },
};

/** Puts each of these compiled files, with all that it needs, into one file in `output`. */
export async function bundleProgram(entries: readonly string[], output: string): Promise<void> {
  rmSync(output, { recursive: true, force: true });
  mkdirSync(output, { recursive: true });
  await build({
    entryPoints: [...entries, ...APART.map((file) => join(COMPILED, file))],
    outdir: output,
    entryNames: "[name]",
    bundle: true,
    packages: "external",
    platform: "node",
    target: "node20",
    format: "cjs",
    plugins: [assembled, apart],
    // What a module asks for itself: its place.
    define: { "import.meta.url": "moduleUrl" },
    banner: { js: 'const moduleUrl = require("node:url").pathToFileURL(__filename).href;' },
    logLevel: "warning",
  });
  // The package says that a .js file is a module; these are not.
  copyFileSync("tools/build/commonjs.json", join(output, "package.json"));
  cpSync(PRECOMPILED, join(output, basename(PRECOMPILED)), { recursive: true });
}
