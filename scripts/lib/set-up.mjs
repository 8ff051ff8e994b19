/** Everything between a bare clone and running code; a second call finds its stamp and does nothing again. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensureBinding } from "./binding.mjs";
import { pinnedPnpm, root } from "./checkout.mjs";
import { Stop } from "./commands.mjs";
import { fetchPnpm, hasPinnedPnpm, installDependencies } from "./pnpm.mjs";

/** Lies in node_modules, so that removing that folder makes set-up start over. */
const stampFile = join(root, "node_modules", ".mlxterp-setup");

/** What the installed dependencies depend on. */
function wantedStamp() {
  const hash = createHash("sha256");
  for (const file of ["pnpm-lock.yaml", "pnpm-workspace.yaml"]) {
    hash.update(readFileSync(join(root, file)));
  }
  const host = `${process.platform}-${process.arch} node-${process.versions.modules}`;
  return `${hash.digest("hex")} ${host}\n`;
}

function isInstalled() {
  return existsSync(stampFile) && readFileSync(stampFile, "utf8") === wantedStamp();
}

/** @param {string} version */
export function isSupportedNode(version) {
  const [major, minor] = version.split(".").map(Number);
  return major > 20 || (major === 20 && minor >= 19);
}

/** @param {string} line */
function report(line) {
  process.stderr.write(`set-up: ${line}\n`);
}

/**
 * Gets pnpm, the dependencies and a binding that loads.
 *
 * @returns {boolean} whether anything had to be done
 */
export function setUp() {
  if (!isSupportedNode(process.versions.node)) {
    throw new Stop(
      `set-up: Node 20.19 or newer is needed, this is ${process.versions.node}. See https://nodejs.org.`,
    );
  }
  const installed = isInstalled();
  if (!installed) {
    if (!hasPinnedPnpm()) {
      report(`fetching pnpm ${pinnedPnpm()} into .setup`);
      fetchPnpm();
    }
    report("installing dependencies from the lockfile");
    installDependencies();
    writeFileSync(stampFile, wantedStamp());
  }
  ensureBinding(report);
  return !installed;
}
