/** Writes the gallery of pictures into a folder (default: `gallery`): every block in every renderer. */
import { run, runScript, scriptArguments } from "./lib/commands.mjs";
import { setUp } from "./lib/set-up.mjs";

const fromSource = ["--import", "tsx", "--conditions=@mlxterp/source"];

runScript(() => {
  setUp();
  const script = "packages/mlxterp/src/testing/gallery/write-gallery.ts";
  return run(process.execPath, [...fromSource, script, ...scriptArguments()]);
});
