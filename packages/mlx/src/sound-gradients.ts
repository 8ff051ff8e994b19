/**
 * Gradients that do not change when somebody looks. MLX computes in place where it believes that nobody else needs a
 * number: an intermediate of an operation that MLX makes of several steps belongs to no JavaScript handle, so evaluating
 * anything (`item`, `tolist`, `String`, `eval`, `console.log`) while a gradient is being built writes over numbers that
 * the way back needs. The result is a wrong gradient without a word.
 *
 * Inside `grad`, `valueAndGrad`, `vjp` and `jvp` such operations are therefore made of single steps here, each with a
 * handle. Nobody can hold the steps of what MLX differentiates inside, and operations that were not tried are not
 * trusted: looking after one of those is refused.
 */
import { GradientReadError } from "./errors.js";
import { coreNames } from "./names.js";
import { type Call, type Calls, steps } from "./operations-in-steps.js";
import { levelled } from "./sound-reductions.js";
import type { MxArray } from "./types/array.js";
import type { Mx } from "./types/core.js";

/** Operations beyond those of the library that were tried by looking inside a gradient, and what is no operation. */
const tried = new Set(
  [
    "log2 log10 tan arcsin arccos arctan sinh cosh arcsinh degrees radians conj conjugate diag diagonal inner",
    "tensordot convolve conv1d conv2d topk partition cumprod logcumsumexp std identity linspace isclose",
    "isposinf isneginf isfinite bitwiseAnd bitwiseOr bitwiseXor blockSparseMM blockSparseQMM bool_ concat finfo",
    "Device Stream Dtype DtypeCategory defaultStream newStream setDefaultStream toStream synchronize Complex",
    "stream compile disableCompile enableCompile tidy dispose getWrappersCount asyncEval save saveGGUF jvp",
    "getPeakMemory resetPeakMemory getCacheMemory setMemoryLimit setCacheLimit setWiredLimit clearCache",
  ]
    .join(" ")
    .split(" ")
    .concat(coreNames),
);

const looks = [
  "item",
  "tolist",
  "toString",
  "toTypedArray",
  Symbol.for("nodejs.util.inspect.custom"),
];
const evaluations = ["eval", "asyncEval", "save", "saveSafetensors", "saveGGUF"];

/** How many gradients are being built inside each other, and what none can be looked at after. */
const building = { depth: 0, untrusted: undefined as string | undefined };

/** Exchanges what differentiates, what is made of several steps, and what evaluates, if the binding has the fault. */
export function installSoundGradients(mx: Mx): void {
  if (!lookingChanges(mx)) return;
  const core = mx as unknown as Calls;
  const prototype = mx.array.prototype as unknown as Calls;
  for (const name of ["grad", "valueAndGrad"]) {
    const own = core[name];
    core[name] = (...inputs) => {
      const differentiate = own(...inputs) as Call;
      return (...at: unknown[]) => build(mx, name, () => differentiate(...at));
    };
  }
  for (const name of ["vjp", "jvp"]) {
    const own = core[name];
    core[name] = (...inputs) => build(mx, name, () => own(...inputs));
  }
  for (const { holder, name, inSteps } of steps(mx)) exchange(holder, name, inSteps);
  level(mx);
  for (const name of Object.keys(core)) if (!tried.has(name)) distrust(core, name, `mx.${name}`);
  for (const name of looks) guard(prototype, name as string);
  for (const name of evaluations) guard(core, name);
}

/** What lets its operands differ in their numbers of axes. */
const broadcasting = [
  "add subtract multiply divide power minimum maximum logaddexp arctan2 remainder where",
].flatMap((names) => names.split(" "));

function level(mx: Mx): void {
  const core = mx as unknown as Calls;
  const around = (name: string, inputs: (given: readonly unknown[]) => unknown[]) => {
    const own = core[name];
    if (own) exchange(core, name, (...given) => own(...inputs(given)));
  };
  for (const name of broadcasting) around(name, (given) => levelled(mx, given));
  around("matmul", ([a, b, ...rest]) => {
    const vectors = [a, b].some((x) => !(x instanceof mx.array) || (x as MxArray).ndim < 2);
    return [...(vectors ? [a, b] : levelled(mx, [a, b])), ...rest];
  });
  around("addmm", ([c, a, ...rest]) => [levelled(mx, [c, a])[0], a, ...rest]);
  around("broadcastTo", ([x, shape, ...rest]) => {
    const like = Array.isArray(shape) ? mx.zeros(shape) : undefined;
    return [levelled(mx, [x, like])[0], shape, ...rest];
  });
}

/** Looks at a variance while it is differentiated (faulty in 0.0.7), and at a gradient (faulty in 0.4.0 as well). */
function lookingChanges(mx: Mx): boolean {
  const looked = (f: (x: MxArray) => MxArray) => (x: MxArray) => {
    const result = f(x);
    mx.eval(result);
    return result;
  };
  const spread = mx.grad(looked((x) => mx.variance(x)))(mx.array([1, 3]));
  if (spread.tolist()?.toString() !== "-1,1") return true;
  const inner = mx.grad((x: MxArray) => mx.square(x));
  return (
    mx
      .grad(looked((x) => inner(x)))(mx.array(3))
      .item() !== 2
  );
}

/** @param name what differentiates; from within another gradient its steps are out of reach */
function build<T>(mx: Mx, name: string, call: () => T): T {
  const compiles = building.depth++ === 0 && pauseCompilation(mx);
  try {
    return call();
  } finally {
    if (--building.depth > 0) building.untrusted ??= `mx.${name}`;
    else building.untrusted = undefined;
    if (compiles) (mx as unknown as Calls).enableCompile();
  }
}

/** The steps of a compiled function have no handles either. It is off on the CPU anyway, and may be by the environment. */
function pauseCompilation(mx: Mx): boolean {
  if (mx.defaultDevice().type === mx.cpu || process.env.MLX_DISABLE_COMPILE) return false;
  (mx as unknown as Calls).disableCompile();
  return true;
}

function exchange(holder: Calls, name: string, inSteps: Call): void {
  const own = holder[name];
  if (!own) return;
  holder[name] = function (this: unknown, ...inputs) {
    return building.depth > 0 ? inSteps.apply(this, inputs) : own.apply(this, inputs);
  };
}

function distrust(holder: Calls, name: string, shown: string): void {
  const own = holder[name];
  if (typeof own !== "function") return;
  holder[name] = (...inputs) => {
    if (building.depth > 0) building.untrusted ??= shown;
    return own(...inputs);
  };
}

function guard(holder: Calls, name: string): void {
  const own = holder[name];
  if (!own) return;
  holder[name] = function (this: unknown, ...inputs) {
    if (building.untrusted !== undefined) throw new GradientReadError(building.untrusted);
    return own.apply(this, inputs);
  };
}
