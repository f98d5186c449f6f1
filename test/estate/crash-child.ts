// One driver of the crash matrix, in a process of its own: plays a plan until it ends, or until it is killed.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CRASH_PLAYS, type CrashWay } from "./crash-plays.ts";
import { Estate } from "./estate.ts";
import { play } from "./play.ts";
import type { Practice } from "./practice.ts";

const [dir = "", way = "forward", how = ""] = process.argv.slice(2);
// The parent has written both.
const laid = JSON.parse(readFileSync(join(dir, "practice.json"), "utf8")) as Omit<Practice, "estate">;
const practice: Practice = { ...laid, estate: new Estate(dir, true) };
const script = CRASH_PLAYS[practice.plan][way as CrashWay];
const { outcome, reason, complete, closable, lines } = await play(practice, { ...script, isResumed: how === "resume" });
writeFileSync(join(dir, "played.json"), JSON.stringify({ outcome, reason, complete, closable, lines }));
