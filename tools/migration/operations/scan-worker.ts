import { serveTasks } from "../pool/serve.ts";
import { createScanHandler } from "./scan-handler.ts";

void serveTasks(createScanHandler);
