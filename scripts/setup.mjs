/** `npm run setup`: makes this checkout ready to run; `npm test` and `npm run demo` do the same first. */
import { runScript } from "./lib/commands.mjs";
import { setUp } from "./lib/set-up.mjs";

runScript(() => {
  const worked = setUp();
  process.stderr.write(worked ? "set-up: done\n" : "set-up: nothing to do\n");
  return 0;
});
