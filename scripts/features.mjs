/** Measures how far every family is from transformers, and writes docs/families.md and the table in FEATURES.md. */
import { run, runScript } from "./lib/commands.mjs";
import { setUp } from "./lib/set-up.mjs";

const fromSource = ["--import", "tsx", "--conditions=@mlxterp/source"];

runScript(() => {
  setUp();
  return run(process.execPath, [
    ...fromSource,
    "packages/models/src/test-support/write-families-page.ts",
  ]);
});
