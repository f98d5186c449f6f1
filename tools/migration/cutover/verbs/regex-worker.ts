import { parentPort } from "node:worker_threads";
import { answerJob, type RegexJob } from "./regex-job.ts";

parentPort?.on("message", (job: RegexJob) => parentPort?.postMessage(answerJob(job)));
