/** Runs other programs for the scripts; a failure becomes one line that names the way out. */
import { spawnSync } from "node:child_process";
import { delimiter, join } from "node:path";
import { root, setupFolder } from "./checkout.mjs";

/** Ends a script with one line on standard error instead of a stack trace. */
export class Stop extends Error {}

/** npm's own settings that describe how to reach the registry; the rest of `npm_*` describes the caller. */
const registrySettings =
  /^npm_config_(registry|userconfig|https?_proxy|proxy|noproxy|cafile|ca|strict_ssl|nodedir|@.*|\/\/.*)$/i;

/**
 * The environment for children: our tools first on PATH, caches inside the checkout, and nothing of the
 * npm or pnpm run that may have started this script.
 *
 * @returns {NodeJS.ProcessEnv}
 */
function childEnvironment() {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^p?npm_/i.test(name) || registrySettings.test(name),
  );
  const tools = [join(setupFolder, "node_modules", ".bin"), join(root, "node_modules", ".bin")];
  return {
    ...Object.fromEntries(inherited),
    PATH: [...tools, process.env.PATH].join(delimiter),
    npm_config_cache: join(setupFolder, "npm-cache"),
    XDG_CACHE_HOME: join(setupFolder, "cache"),
    XDG_STATE_HOME: join(setupFolder, "state"),
    TURBO_TELEMETRY_DISABLED: "1",
    TSX_DISABLE_CACHE: "1", // its cache would lie in the system's temporary folder
  };
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, stdio?: "inherit" | "pipe" }} [options]
 */
function spawn(command, args, options = {}) {
  return spawnSync(command, args, {
    cwd: options.cwd ?? root,
    env: { ...childEnvironment(), ...options.env },
    stdio: options.stdio === "pipe" ? ["ignore", "pipe", "pipe"] : "inherit",
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
}

/**
 * Runs a program on this terminal.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {number} its exit status; 1 when it did not start or was ended by a signal
 */
export function run(command, args, options = {}) {
  return spawn(command, args, options).status ?? 1;
}

/**
 * Runs a program silently.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {{ ok: boolean, output: string, text: string }} `output` is its standard output, `text` both streams
 */
export function capture(command, args, options = {}) {
  const result = spawn(command, args, { ...options, stdio: "pipe" });
  const output = (result.stdout ?? "").trim();
  const text = [output, (result.stderr ?? "").trim(), result.error?.message ?? ""];
  return { ok: result.status === 0, output, text: text.filter(Boolean).join("\n") };
}

/**
 * Runs a script's body: its result is the exit status, a `Stop` is one line and status 1.
 *
 * @param {() => number | undefined} body
 */
export function runScript(body) {
  try {
    process.exitCode = body() ?? 0;
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}

/** Arguments given to the script; pnpm passes on the `--` that separates them. */
export function scriptArguments() {
  const given = process.argv.slice(2);
  return given[0] === "--" ? given.slice(1) : given;
}
