/** `check:pkg`: packs the package in the current folder and judges the tarball as a consumer would get it. */
import { mkdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { setupFolder } from "./lib/checkout.mjs";
import { capture, runScript, Stop } from "./lib/commands.mjs";
import { packPackage } from "./lib/packages.mjs";

/**
 * @param {string} command
 * @param {string[]} args
 */
function check(command, args) {
  const result = capture(command, args);
  if (!result.ok) throw new Stop(`${result.text}\ncheck:pkg: ${command} rejects the package.`);
}

runScript(() => {
  const folder = join(setupFolder, "packed", basename(process.cwd()));
  mkdirSync(folder, { recursive: true });
  try {
    const tarball = packPackage(process.cwd(), folder);
    check("publint", ["run", tarball, "--strict"]);
    check("attw", [tarball, "--profile", "esm-only", "--format", "ascii", "--no-emoji"]);
    process.stdout.write(`${basename(tarball)}: publint and attw are content\n`);
    return 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
