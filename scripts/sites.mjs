/** Writes docs/sites.md, off the trees of the reference checkpoints. */
import { run, runScript } from "./lib/commands.mjs";
import { setUp } from "./lib/set-up.mjs";

const fromSource = ["--import", "tsx", "--conditions=@mlxterp/source"];

runScript(() => {
  setUp();
  return run(process.execPath, [
    ...fromSource,
    "packages/models/src/test-support/write-sites-page.ts",
  ]);
});
