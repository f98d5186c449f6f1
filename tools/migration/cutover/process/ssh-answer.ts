import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ARRIVED } from "./ssh-script.ts";

/** What came back over one connection. `none` = the errand did not arrive; `cut` = it did, and the rest did not. */
export type SshAnswer = "none" | "cut" | "void" | "lost" | "asked" | "ended";

/** Reads the output of one connection; where the command has ended its files are put into `folder`. */
export function readAnswer(connection: string, folder: string): SshAnswer {
  const bytes = readFileSync(connection);
  const here = bytes.indexOf(`${ARRIVED}\n`);
  // A login shell may have greeted before.
  if (here < 0) return "none";
  let at = here + ARRIVED.length + 1;
  const files = new Map<string, string[]>();
  for (let end = bytes.indexOf(10, at); end >= 0; end = bytes.indexOf(10, at)) {
    const line = bytes.toString("utf8", at, end);
    at = end + 1;
    if (line === "ended") return writeFiles(folder, files, bytes.subarray(at));
    if (line === "void" || line === "lost" || line === "asked") return line;
    const [name = "", ...rest] = line.split(" ");
    files.set(name, [...(files.get(name) ?? []), rest.join(" ")]);
  }
  return "cut";
}

/** Puts the files of the remote folder into the local one, `rc` last. */
function writeFiles(folder: string, files: ReadonlyMap<string, readonly string[]>, output: Buffer): SshAnswer {
  const sizes = new Map((files.get("size") ?? []).map((line) => line.split(" ") as [string, string]));
  const [out, err] = [Number(sizes.get("out")), Number(sizes.get("err"))];
  if (output.length !== out + err) return "cut";
  const put = (name: string, content: string | Buffer): void =>
    writeFileSync(join(folder, name), content, { mode: 0o600 });
  put("out", output.subarray(0, out));
  put("err", output.subarray(out));
  for (const name of ["t0", "t1", "ended", "left", "rc"]) {
    const lines = files.get(name);
    if (lines !== undefined) put(name, lines.map((line) => `${line}\n`).join(""));
  }
  return "ended";
}
