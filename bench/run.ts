import { main } from "./main.ts";
import { USAGE } from "./options.ts";

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof TypeError)) throw error;
  process.stderr.write(`error: ${error.message}\n${USAGE}\n`);
  process.exitCode = 2;
}
