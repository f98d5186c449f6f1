import { serveTasks } from "../pool/serve.ts";
import { createBuildHandler } from "./build-tasks.ts";

void serveTasks(createBuildHandler);
