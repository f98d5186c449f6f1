import { serveTasks } from "../pool/serve.ts";
import { createScanHandler } from "./scan-tasks.ts";

serveTasks(createScanHandler);
