/** `npm test`: sets up what is missing, then runs the tests; arguments go to vitest. */
import { join } from "node:path";
import { root } from "./lib/checkout.mjs";
import { run, runScript, scriptArguments } from "./lib/commands.mjs";
import { setUp } from "./lib/set-up.mjs";

runScript(() => {
  setUp();
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  return run(process.execPath, [vitest, "run", ...scriptArguments()]);
});
