/**
 * `npm run typecheck`: everything that shares the settings is one program, so that what the packages have in common is checked
 * once; a package with settings of its own (for pages: the DOM, JSX) is another.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./lib/checkout.mjs";
import { runScript } from "./lib/commands.mjs";
import { compile } from "./lib/compiler.mjs";

/** @param {string} folder */
function hasOwnSettings(folder) {
  const settings = join(folder, "tsconfig.json");
  return existsSync(settings) && "compilerOptions" in JSON.parse(readFileSync(settings, "utf8"));
}

runScript(() => {
  const folders = ["packages", "apps"].flatMap((parent) =>
    readdirSync(join(root, parent)).map((name) => join(root, parent, name)),
  );
  const programs = [root, ...folders.filter(hasOwnSettings)];
  const failed = programs.filter((program) => compile(["-p", program]) !== 0);
  return failed.length > 0 ? 1 : 0;
});
