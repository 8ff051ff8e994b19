/** Rehearses a release in a temporary copy: versions from the changesets, then a dry-run publish of every package. */
import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { root, setupFolder } from "./lib/checkout.mjs";
import { capture, runScript, Stop } from "./lib/commands.mjs";
import { publishablePackages } from "./lib/packages.mjs";
import { installArguments } from "./lib/pnpm.mjs";

/** Beside pnpm's store, so that installing there makes links instead of copies. */
const copy = join(setupFolder, "rehearsal");

/**
 * @param {string} command
 * @param {string[]} args
 * @param {string} [cwd]
 */
function step(command, args, cwd = copy) {
  const result = capture(command, args, { cwd });
  if (!result.ok) throw new Stop(`${result.text}\nrelease: ${command} ${args[0]} failed.`);
  return result;
}

/** Copies what git would commit and the built output. */
function copyCheckout() {
  const listed = step(
    "git",
    ["ls-files", "--cached", "--others", "--exclude-standard"],
    root,
  ).output;
  const files = listed.split("\n").filter((file) => existsSync(join(root, file)));
  for (const file of files) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(root, file), join(copy, file));
  }
  for (const { folder } of publishablePackages()) {
    if (!existsSync(join(folder, "dist"))) {
      throw new Stop(`release: ${folder} is not built. Run: npm run build`);
    }
    const target = join(copy, relative(root, folder), "dist");
    cpSync(join(folder, "dist"), target, { recursive: true });
  }
}

/** Changesets reads the commit that added each changeset, so the copy needs a history. */
function commitCopy() {
  const author = ["-c", "user.name=release", "-c", "user.email=release@localhost"];
  step("git", ["init", "-q", "-b", "main"]);
  step("git", ["add", "-A"]);
  step("git", [...author, "commit", "-q", "--no-verify", "-m", "rehearsal"]);
}

/** Lets changesets write the new versions; the packages are released together, under one number. */
function bumpVersions() {
  step(join(copy, "node_modules/.bin/changeset"), ["version"]);
  const packages = publishablePackages(copy);
  const versions = new Set(packages.map(({ version }) => version));
  if (versions.size !== 1) {
    throw new Stop(
      `release: the packages would get different versions: ${[...versions].join(", ")}.`,
    );
  }
  return packages;
}

runScript(() => {
  rmSync(copy, { recursive: true, force: true });
  copyCheckout();
  commitCopy();
  step("pnpm", [...installArguments(), "--ignore-scripts"]);
  for (const { name, version } of bumpVersions()) {
    process.stdout.write(`${name} ${version}\n`);
  }
  step("pnpm", ["publish", "-r", "--dry-run", "--no-git-checks"]);
  process.stdout.write("dry-run publish: ok\n");
  rmSync(copy, { recursive: true, force: true });
  return 0;
});
