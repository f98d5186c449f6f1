import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Test } from "tap";

/** A client of ssh for which each host is the folder `root` of this machine; one with a file `down-<host>` does not answer. */
export function stubSsh(t: Test, root: string): void {
  const bin = join(root, "bin");
  mkdirSync(bin);
  const down = join(root, "down");
  const lines = ["#!/usr/bin/env bash", 'while [ "$1" != -- ]; do shift; done', `[ ! -e "${down}-$2" ] || exit 255`];
  writeFileSync(join(bin, "ssh"), `${lines.join("\n")}\nHOME="${root}" exec bash -c "$3"\n`);
  chmodSync(join(bin, "ssh"), 0o755);
  const before = process.env["PATH"] ?? "";
  process.env["PATH"] = `${bin}:${before}`;
  t.teardown(() => {
    process.env["PATH"] = before;
  });
}
