import { parentPort } from "node:worker_threads";
import { answerJob, type RegexJob } from "./regex-job.ts";

parentPort?.on("message", (job: RegexJob) => {
  // The clock of a job runs from here: a machine under load may take its time to come this far.
  parentPort?.postMessage("begun");
  parentPort?.postMessage(answerJob(job));
});
