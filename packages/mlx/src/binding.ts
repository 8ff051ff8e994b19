/** Loads the native addon once per process and says how to mend a failed load. */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { alignNames } from "./align-names.js";
import { installBoundedIndices } from "./bounded-indices.js";
import { BindingUnavailableError } from "./errors.js";
import { installExactArray } from "./exact-array.js";
import { installHalfProducts } from "./half-products.js";
import { installSafeEvaluation } from "./safe-evaluation.js";
import { installSoundGradients } from "./sound-gradients.js";
import { installSoundReductions } from "./sound-reductions.js";
import { installSoundTotals } from "./sound-totals.js";
import { installSoundTranspose } from "./sound-transpose.js";
import { installSoundViews } from "./sound-views.js";
import { layersOf } from "./training.js";
import type { Mx } from "./types/core.js";
import type { Nn, Optimizers } from "./types/nn.js";
import { installWholeDivision } from "./whole-division.js";

interface Binding {
  readonly core: Mx;
  readonly nn: Nn;
  readonly optimizers: Optimizers;
}

const holder = Symbol.for("mlxterp.binding");
type Holder = { [holder]?: Binding };

/** What to do about a failed load, from the loader's own words. */
export function explainLoadFailure(
  message: string,
  platform: NodeJS.Platform,
): [reason: string, mend: string] {
  if (platform !== "linux" && platform !== "darwin") {
    return [
      `there is no build for ${platform}`,
      "Use Linux x64 or macOS on Apple Silicon (on Windows: WSL 2).",
    ];
  }
  if (/lib(open)?(blas|lapack)\b.*\.so/.test(message)) {
    return [
      "BLAS and LAPACK are missing",
      "Run: sudo apt-get install -y libopenblas0-pthread liblapack3",
    ];
  }
  if (/Cannot find module '@frost-beta\/mlx'/.test(message)) {
    return ["@frost-beta/mlx is not installed", "Run: npm install @frost-beta/mlx@0.0.7"];
  }
  const rebuild = "npm rebuild @frost-beta/mlx --foreground-scripts";
  if (platform === "darwin" && /mach-o|Cannot find module/.test(message)) {
    return [
      "the addon for macOS has not been downloaded",
      `Run the binding's install script: ${rebuild}`,
    ];
  }
  return [message.split("\n")[0], `Reinstall with: ${rebuild}`];
}

function load(): Binding {
  const shared = globalThis as Holder;
  if (!shared[holder]) {
    try {
      shared[holder] = createRequire(import.meta.url)("@frost-beta/mlx") as Binding;
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new BindingUnavailableError(...explainLoadFailure(message, process.platform), {
        cause,
      });
    }
  }
  return shared[holder];
}

let version: string | undefined;

/**
 * The version of `@frost-beta/mlx` that is installed.
 *
 * @example
 * bindingVersion(); // "0.0.7"
 */
export function bindingVersion(): string {
  version ??= installedVersion();
  return version;
}

/** For messages and records only: nothing is decided by it. */
function installedVersion(): string {
  try {
    let folder = dirname(createRequire(import.meta.url).resolve("@frost-beta/mlx"));
    for (; folder !== dirname(folder); folder = dirname(folder)) {
      const file = join(folder, "package.json");
      const { name, version } = readJson(file);
      if (name === "@frost-beta/mlx") return version ?? unknown;
    }
  } catch {
    // a message with less in it, not another error
  }
  return unknown;
}

const unknown = "(unknown version)";

function readJson(file: string): { name?: string; version?: string } {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
}

const mended = Symbol.for("mlxterp.mendedBinding");

/** Exchanges what the binding does wrong, once in a process; `sound-*` and the like say what and why. */
function mend(binding: Binding): Binding {
  const { core } = binding;
  if (mended in core) return binding;
  installSoundTranspose(core); // before there is an array
  alignNames(binding, installedVersion);
  installSoundViews(core);
  installExactArray(core);
  installHalfProducts(core);
  installBoundedIndices(core);
  installWholeDivision(core);
  installSoundReductions(core);
  installSoundTotals(core);
  installSafeEvaluation(core);
  installSoundGradients(core);
  Object.defineProperty(core, mended, { value: true });
  return binding;
}

const binding = mend(load());

/** MLX's array operations. */
export const mx: Mx = binding.core;
/** MLX's layers; subclass `nn.Module`. */
export const nn: Nn = layersOf(binding);
/** MLX's optimizers. */
export const optimizers: Optimizers = binding.optimizers;
