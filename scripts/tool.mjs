/** Runs a tool of this workspace with pnpm on its PATH: `node scripts/tool.mjs turbo run build`. */
import { run, runScript, Stop, scriptArguments } from "./lib/commands.mjs";
import { setUp } from "./lib/set-up.mjs";

runScript(() => {
  const [command, ...args] = scriptArguments();
  if (command === undefined) throw new Stop("tool: name a command, such as `turbo run build`.");
  setUp();
  return run(command, args, { cwd: process.cwd() });
});
