/** `npm run demo`: sets up what is missing, then takes the shipped model apart; arguments go to `mlxterp demo`. */
import { run, runScript, scriptArguments } from "./lib/commands.mjs";
import { setUp } from "./lib/set-up.mjs";

runScript(() => {
  setUp();
  const fromSource = ["--import", "tsx", "--conditions=@mlxterp/source"];
  const command = ["packages/mlxterp/src/cli/main.ts", "demo"];
  return run(process.execPath, [...fromSource, ...command, ...scriptArguments()]);
});
