import { serveTasks } from "../pool/serve.ts";
import { createBuildHandler } from "./build-tasks.ts";

await serveTasks(createBuildHandler);
