import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import t from "tap";
import { MigrationError } from "../../tools/migration/model/errors.ts";
import { toStoreError, writeFileAtomic, writeFully } from "../../tools/migration/stores/atomic-file.ts";
import { assertDiskSpace, freeBytes } from "../../tools/migration/stores/disk.ts";
import { FileWriter } from "../../tools/migration/stores/file-writer.ts";
import { resolvesInto } from "../../tools/migration/stores/pointer.ts";
import { mountTmpfs, noTmpfs, remountReadOnly } from "../helpers/tmpfs.ts";

const modeOf = (path: string): number => statSync(path).mode & 0o7777;

function caught(action: () => void): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}

function withUmask<T>(umask: number, action: () => T): T {
  const before = process.umask(umask);
  try {
    return action();
  } finally {
    process.umask(before);
  }
}

t.test("an atomic file has its content and mode under any umask, and leaves no temporary file", async (t) => {
  const dir = t.testdir({ old: "before" });
  withUmask(0o077, () => {
    writeFileAtomic(join(dir, "old"), "ä\n");
    writeFileAtomic(join(dir, "bytes"), Buffer.from([0, 255]), { mode: 0o600 });
    writeFileAtomic(join(dir, "parts"), ["a", "", "b"]);
  });
  t.equal(readFileSync(join(dir, "old"), "utf8"), "ä\n");
  t.equal(modeOf(join(dir, "old")), 0o644);
  t.strictSame([...readFileSync(join(dir, "bytes"))], [0, 255]);
  t.equal(modeOf(join(dir, "bytes")), 0o600);
  t.equal(readFileSync(join(dir, "parts"), "utf8"), "ab");
  t.strictSame(readdirSync(dir).sort(), ["bytes", "old", "parts"]);
});

t.test("a failed atomic write keeps the old file and steps over a foreign temporary one", async (t) => {
  const dir = t.testdir({ kept: "before", [`.kept.tmp-${process.pid}-0`]: "theirs" });
  function* broken(): Generator<string> {
    yield "half";
    throw new MigrationError("INJECTED_FAILURE", { message: "stop" });
  }
  t.throws(() => writeFileAtomic(join(dir, "kept"), broken()), { code: "INJECTED_FAILURE" });
  t.equal(readFileSync(join(dir, "kept"), "utf8"), "before");
  t.equal(readdirSync(dir).length, 2);
  writeFileAtomic(join(dir, "kept"), "after");
  t.equal(readFileSync(join(dir, `.kept.tmp-${process.pid}-0`), "utf8"), "theirs");
});

t.test("system errors become coded ones that name the work, never the absolute path", async (t) => {
  const dir = t.testdir({ file: "" });
  t.throws(() => writeFileAtomic(join(dir, "file", "x.json"), ""), {
    code: "IO",
    message: "Writing x.json failed: ENOTDIR.",
  });
  const cases = {
    ENOSPC: "DISK_FULL",
    EDQUOT: "DISK_FULL",
    EROFS: "NOT_WRITABLE",
    EACCES: "NOT_WRITABLE",
    EPERM: "NOT_WRITABLE",
    EIO: "IO",
  };
  for (const [system, code] of Object.entries(cases)) {
    t.equal(toStoreError(Object.assign(new Error("x"), { code: system }), "Doing").code, code, system);
  }
  const own = new MigrationError("READ_BACK", { message: "x" });
  t.equal(toStoreError(own, "Doing"), own);
});

t.test("a full disk is DISK_FULL after a short write, and nothing half-written stays", { skip: noTmpfs }, async (t) => {
  const dir = mountTmpfs(t, 64);
  const fd = openSync(join(dir, "raw"), "w");
  t.throws(() => writeFully(fd, Buffer.alloc(200_000, 1)), { code: "ENOSPC" });
  closeSync(fd);
  t.equal(statSync(join(dir, "raw")).size, 65_536, "the kernel took a part without an exception");
  writeFileSync(join(dir, "raw"), "");
  t.throws(() => writeFileAtomic(join(dir, "big"), Buffer.alloc(200_000)), { code: "DISK_FULL", remedy: /prune/ });
  t.strictSame(readdirSync(dir), ["raw"]);
  const writer = new FileWriter(join(dir, "data.jsonl"));
  writer.write("x".repeat(200_000));
  const first = caught(() => writer.close());
  t.match(first, { code: "DISK_FULL" });
  t.equal(
    caught(() => writer.close()),
    first,
    "an error is final",
  );
  t.equal(
    caught(() => writer.write("y")),
    first,
  );
  writer.abort();
  t.strictSame(readdirSync(dir), ["raw"]);
});

t.test("a read-only file system is NOT_WRITABLE", { skip: noTmpfs }, async (t) => {
  const dir = mountTmpfs(t, 64);
  remountReadOnly(dir);
  t.throws(() => writeFileAtomic(join(dir, "x"), ""), { code: "NOT_WRITABLE" });
  t.throws(() => new FileWriter(join(dir, "x")), { code: "NOT_WRITABLE" });
});

t.test("a writer counts bytes, flushes, sets the mode and refuses an existing file", async (t) => {
  const dir = t.testdir({ there: "x" });
  const path = join(dir, "data.jsonl");
  const parts = [
    "ä",
    "b".repeat(400_000),
    Buffer.from("c".repeat(300_000)),
    "€".repeat(300_000),
    Buffer.alloc(600_000, 100),
    "e\n",
  ];
  const whole = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const writer = withUmask(0o077, () => new FileWriter(path));
  for (const part of parts) writer.write(part);
  t.equal(writer.bytes, whole.length);
  writer.close();
  t.ok(readFileSync(path).equals(whole));
  t.equal(modeOf(path), 0o644);
  t.throws(() => writer.write("late"), { code: "INTERNAL" });
  writer.abort();
  t.ok(existsSync(path), "abort after close keeps the file");
  t.throws(() => new FileWriter(join(dir, "there")), { code: "IO", message: /EEXIST/ });
  t.equal(readFileSync(join(dir, "there"), "utf8"), "x");
});

t.test("an aborted writer leaves no file", async (t) => {
  const dir = t.testdir();
  const writer = new FileWriter(join(dir, "x"));
  writer.write("half");
  writer.abort();
  writer.abort();
  t.strictSame(readdirSync(dir), []);
});

t.test("free space is asked of the nearest folder that exists", async (t) => {
  const dir = t.testdir();
  const deep = join(dir, "not", "yet");
  t.ok(freeBytes(deep) > 0);
  t.doesNotThrow(() => assertDiskSpace(deep, 1, "Building"));
  t.throws(() => assertDiskSpace(deep, 2 ** 52, "Building the candidate"), {
    code: "DISK_SPACE",
    message: /^Building the candidate needs 4503599627370496 bytes \(4\.0 PiB\) of free space; there are \d+ bytes/,
    remedy: /candor prune/,
  });
});

t.test("the free space of a small file system is its own", { skip: noTmpfs }, async (t) => {
  const dir = mountTmpfs(t, 64);
  t.equal(freeBytes(join(dir, "later")), 65_536);
});

t.test("a pointer resolves into a folder by file, not by name", async (t) => {
  const dir = t.testdir({
    folder: { v1: { file: "x" }, v10: {} },
    direct: t.fixture("symlink", "folder/v1"),
    chain: t.fixture("symlink", "direct"),
    deep: t.fixture("symlink", "folder/v1/file"),
    beside: t.fixture("symlink", "folder/v10"),
    up: t.fixture("symlink", "folder"),
    dangling: t.fixture("symlink", "nowhere"),
    under: t.fixture("symlink", "folder/v1/file/below"),
    loop: t.fixture("symlink", "loop"),
    alias: t.fixture("symlink", "folder"),
  });
  const into = (pointer: string, folder = "folder/v1"): boolean => resolvesInto(join(dir, pointer), join(dir, folder));
  for (const name of ["direct", "chain", "deep", "folder/v1"]) t.equal(into(name), true, name);
  for (const name of ["beside", "up", "dangling", "under", "missing"]) t.equal(into(name), false, name);
  t.equal(into("direct", "alias/v1"), true, "the folder may be reached by a link itself");
  t.equal(into("direct", "missing"), false);
  t.throws(() => into("loop"), { code: "LIVE_POINTER", message: /ELOOP/ });
  mkdirSync(join(dir, "folder", "v1", "more"));
  t.equal(into("folder/v1/more"), true);
});
