/** Evaluation that nothing hands a list that holds itself, and compiled functions only where they can be compiled. */
import { InvalidArgumentError } from "./errors.js";
import type { Calls } from "./operations-in-steps.js";
import type { Mx } from "./types/core.js";

const deepest = 200;

/**
 * Exchanges what walks trees of arrays, which ends the process on an endless one. On the CPU, where MLX compiles by
 * running a C++ compiler and loading what lies in the folder for temporary files, nothing is compiled unless
 * `mx.enableCompile()` asks for it: without a compiler the process would end there too.
 */
export function installSafeEvaluation(mx: Mx): void {
  const core = mx as unknown as Calls;
  for (const name of ["eval", "asyncEval"]) {
    const own = core[name];
    if (!own) continue;
    core[name] = (...trees) => {
      for (const tree of trees) checkTree(mx, tree, 0);
      return own(...trees);
    };
  }
  if (mx.defaultDevice().type === mx.cpu) core.disableCompile?.();
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for a tree without an end */
function checkTree(mx: Mx, tree: unknown, depth: number): void {
  if (typeof tree !== "object" || tree === null || tree instanceof mx.array) return;
  if (depth > deepest) {
    const rule = `it is nested more than ${deepest} deep, or holds itself.`;
    throw new InvalidArgumentError("arrays", tree, rule);
  }
  for (const branch of Object.values(tree)) checkTree(mx, branch, depth + 1);
}
