/** Makes the MLX binding load: fetches the macOS build, or installs BLAS and LAPACK on Debian and Ubuntu. */
import { existsSync, realpathSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root } from "./checkout.mjs";
import { capture, run, Stop } from "./commands.mjs";

const blasPackages = ["libopenblas0-pthread", "liblapack3"];

/** @typedef {"blas" | "macos-build" | "platform" | "missing" | "unknown"} LoadProblem */

/**
 * What stands in the way, from the loader's own words.
 *
 * @param {string} message
 * @param {NodeJS.Platform} platform
 * @param {string} architecture
 * @returns {LoadProblem}
 */
export function diagnose(message, platform, architecture) {
  if (platform === "darwin") return "macos-build";
  if (platform !== "linux" || architecture !== "x64") return "platform";
  if (/lib(blas|lapack)\.so/.test(message)) return "blas";
  if (/Cannot find module '@frost-beta\/mlx'/.test(message)) return "missing";
  return "unknown";
}

/**
 * How to get root's rights for the system's package manager: as the user, through `sudo`, or not at all.
 *
 * @returns {string[] | undefined} the words to put before the command
 */
function privilege() {
  if (process.getuid?.() === 0) return [];
  return capture("sudo", ["-n", "true"]).ok ? ["sudo", "-n"] : undefined;
}

/**
 * The one command that installs BLAS and LAPACK, for a person to copy.
 *
 * @param {boolean} debian
 */
export function blasAdvice(debian) {
  return debian
    ? `Run: sudo apt-get update && sudo apt-get install -y ${blasPackages.join(" ")}`
    : "Install your system's BLAS and LAPACK (libblas.so.3, liblapack.so.3); on Fedora: sudo dnf install blas lapack";
}

/** @param {(line: string) => void} report */
function installBlas(report) {
  const debian = existsSync("/usr/bin/apt-get");
  const prefix = debian ? privilege() : undefined;
  if (!prefix) throw new Stop(`set-up: MLX needs BLAS and LAPACK. ${blasAdvice(debian)}`);
  report(`installing ${blasPackages.join(" and ")} with apt-get`);
  const [command, ...before] = [...prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"];
  run(command, [...before, "update", "-qq"]); // one unreachable list need not matter: the install decides
  const install = [...before, "install", "-y", "-qq", "--no-install-recommends", ...blasPackages];
  if (run(command, install) !== 0) {
    throw new Stop(`set-up: apt-get could not install BLAS and LAPACK. ${blasAdvice(true)}`);
  }
}

/** @param {(line: string) => void} report */
function fetchMacBuild(report) {
  report("fetching the binding's build for macOS");
  const folder = realpathSync(join(root, "packages/mlx/node_modules/@frost-beta/mlx"));
  // the file may be a hard link into pnpm's store: replace it, never write through it
  rmSync(join(folder, "build/Release/mlx.node"), { force: true });
  if (run(process.execPath, ["install.js"], { cwd: folder }) !== 0) {
    throw new Stop(
      "set-up: the binding's install script failed (its message is above). Check the network, then run this command again.",
    );
  }
}

/** Loads the binding in a child process, since a broken addon may end its process. */
function tryBinding() {
  const code = 'require("@frost-beta/mlx").core.array([1])';
  const result = capture(process.execPath, ["-e", code], { cwd: join(root, "packages/mlx") });
  return result.ok ? undefined : result.text;
}

/** @param {string} message */
function firstCause(message) {
  const lines = message.split("\n");
  return (lines.find((line) => /^\w*Error:/.test(line)) ?? lines[0]).trim();
}

/**
 * Makes the binding load, or stops with the command that would.
 *
 * @param {(line: string) => void} report called before each step that takes time
 */
export function ensureBinding(report) {
  const message = tryBinding();
  if (message === undefined) return;
  const problem = diagnose(message, process.platform, process.arch);
  if (problem === "platform") {
    throw new Stop(
      `set-up: the MLX binding has no build for ${process.platform} ${process.arch}. Use Linux x64, macOS on Apple Silicon, or WSL 2 on Windows.`,
    );
  }
  if (problem === "blas") installBlas(report);
  if (problem === "macos-build") fetchMacBuild(report);
  const remaining = tryBinding();
  if (remaining !== undefined) {
    throw new Stop(
      `set-up: the MLX binding does not load (${firstCause(remaining)}). Remove node_modules and run this command again.`,
    );
  }
}
