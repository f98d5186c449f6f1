import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** An authority of its own with one certificate for a server, as files. */
export interface Authority {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Makes an authority in `dir` that vouches for a server under `names`, such as `IP:127.0.0.1,DNS:localhost`. */
export function makeAuthority(dir: string, names: string): Authority {
  mkdirSync(dir, { recursive: true });
  const at = (name: string): string => join(dir, name);
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  openssl("req", "-x509", ...newKey, "-keyout", at("ca.key"), "-out", at("ca.pem"), "-subj", "/CN=Test authority");
  openssl("req", ...newKey.slice(0, -2), "-keyout", at("server.key"), "-out", at("server.csr"), "-subj", "/CN=server");
  writeFileSync(at("names"), `subjectAltName=${names}\n`);
  const signing = ["-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-CAcreateserial", "-days", "2"];
  openssl("x509", "-req", "-in", at("server.csr"), ...signing, "-extfile", at("names"), "-out", at("server.pem"));
  return { ca: at("ca.pem"), cert: at("server.pem"), key: at("server.key") };
}

/** A certificate for a client, signed by an authority that `makeAuthority` made in `dir`. */
export function makeClient(dir: string, user: string): { readonly cert: string; readonly key: string } {
  const at = (name: string): string => join(dir, name);
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl("req", ...newKey, "-keyout", at("client.key"), "-out", at("client.csr"), "-subj", `/CN=${user}`);
  const signing = ["-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-CAcreateserial", "-days", "2"];
  openssl("x509", "-req", "-in", at("client.csr"), ...signing, "-out", at("client.pem"));
  return { cert: at("client.pem"), key: at("client.key") };
}

/** True where the `openssl` command is there. */
export const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;

function openssl(...args: readonly string[]): void {
  const { status, stderr } = spawnSync("openssl", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`openssl ${args[0]}: ${stderr}`);
}
