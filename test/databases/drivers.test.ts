import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import t from "tap";
import { writeThings } from "../helpers/things-project.ts";

const DRIVERS: ReadonlySet<string> = new Set(["pg", "pg-copy-streams", "mysql2", "csv-parse"]);

t.test("where a driver is not installed the message tells how to install it, and other sources are read", async (t) => {
  // Outside of this checkout, whose packages every folder in it can see.
  const dir = mkdtempSync(join(tmpdir(), "candor-drivers-"));
  t.teardown(() => rmSync(dir, { recursive: true }));
  mkdirSync(join(dir, "node_modules"));
  cpSync("build/program", join(dir, "build/program"), { recursive: true });
  cpSync("package.json", join(dir, "package.json"));
  cpSync("tools/migration/cli.js", join(dir, "tools/migration/cli.js"));
  for (const name of readdirSync("node_modules")) {
    if (!DRIVERS.has(name)) symlinkSync(resolve("node_modules", name), join(dir, "node_modules", name));
  }
  const sources = {
    pg: { kind: "postgres", url: "postgres://u@127.0.0.1/d" },
    mysql2: { kind: "mysql", url: "mysql://u@127.0.0.1/d" },
    "csv-parse": { kind: "csv", path: "." },
  };
  for (const [name, source] of Object.entries(sources)) {
    const root = join(dir, name);
    writeThings(root, { source, fields: { name: {} } });
    const ran = spawnSync(process.execPath, [join(dir, "tools/migration/cli.js"), "dry-run"], { cwd: root });
    t.equal(ran.status, 2, name);
    t.match(ran.stderr.toString(), `error DRIVER_MISSING: `);
    t.match(ran.stderr.toString(), `needs the package ${name}, which is not installed.\n  next: npm install ${name}\n`);
  }
});
