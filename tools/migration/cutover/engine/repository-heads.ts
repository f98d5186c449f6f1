import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plan } from "../plan/plan.ts";

/** The commit each repository of the plan is at, by name; the project itself is `.`. Read from files: nothing is run. */
export function repositoryHeads(root: string, plan: Plan): Readonly<Record<string, string>> {
  const named = plan.pack["repos"];
  const repos = [".", ...(Array.isArray(named) ? named.filter((one) => typeof one === "string") : [])];
  const heads: Record<string, string> = {};
  for (const repo of repos) {
    const head = headOf(join(root, repo));
    if (head !== undefined) heads[repo] = head;
  }
  return heads;
}

function headOf(folder: string): string | undefined {
  const git = join(folder, ".git");
  if (!existsSync(join(git, "HEAD"))) return undefined;
  const head = readFileSync(join(git, "HEAD"), "utf8").trim();
  const name = /^ref: (.+)$/.exec(head)?.[1];
  if (name === undefined) return head;
  if (existsSync(join(git, name))) return readFileSync(join(git, name), "utf8").trim();
  return packedRef(git, name);
}

function packedRef(git: string, name: string): string | undefined {
  const path = join(git, "packed-refs");
  if (!existsSync(path)) return undefined;
  const line = readFileSync(path, "utf8")
    .split("\n")
    .find((one) => one.endsWith(` ${name}`));
  return line?.slice(0, 40);
}
