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

/** What every consumer must find beside the code. */
const texts = ["README.md", "LICENSE", "CHANGELOG.md"];

/** @param {string} tarball */
function checkTexts(tarball) {
  const { output } = capture("tar", ["-tzf", tarball]);
  const inside = output.split("\n");
  const missing = texts.filter((name) => !inside.includes(`package/${name}`));
  if (missing.length > 0) throw new Stop(`check:pkg: ${missing.join(", ")} is not in the tarball.`);
}

runScript(() => {
  const folder = join(setupFolder, "packed", basename(process.cwd()));
  mkdirSync(folder, { recursive: true });
  try {
    const tarball = packPackage(process.cwd(), folder);
    checkTexts(tarball);
    check("publint", ["run", tarball, "--strict"]);
    check("attw", [tarball, "--profile", "esm-only", "--format", "ascii", "--no-emoji"]);
    process.stdout.write(`${basename(tarball)}: publint and attw are content\n`);
    return 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
