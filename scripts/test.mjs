/** `npm test`: sets up what is missing, then runs the tests; `--all` widens their sweeps, further arguments go to vitest. */
import { join } from "node:path";
import { root } from "./lib/checkout.mjs";
import { run, runScript, scriptArguments } from "./lib/commands.mjs";
import { setUp } from "./lib/set-up.mjs";

const allFlag = "--all";

runScript(() => {
  setUp();
  const given = scriptArguments();
  const env = given.includes(allFlag) ? { MLXTERP_SWEEPS: "all" } : {};
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const toVitest = given.filter((argument) => argument !== allFlag);
  return run(process.execPath, [vitest, "run", ...toVitest], { env });
});
