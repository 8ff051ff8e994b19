/** Operations that MLX makes of several steps, written so that every step has a handle of its own. */
import type { MxArray, Operand } from "./types/array.js";
import type { Mx } from "./types/core.js";

export type Call = (this: unknown, ...inputs: unknown[]) => unknown;
export type Calls = Record<string, Call>;

type Axes = number | readonly number[] | null | undefined;

/** One operation, where it is found, and how it is made of steps. */
interface InSteps {
  readonly holder: Calls;
  readonly name: string;
  readonly inSteps: Call;
}

/** All of them. */
export function steps(mx: Mx): InSteps[] {
  const core = mx as unknown as Calls;
  const array = mx.array.prototype as unknown as Calls;
  const both = (name: string, inSteps: (x: Operand, ...rest: never[]) => MxArray): InSteps[] => [
    { holder: core, name, inSteps: inSteps as Call },
    {
      holder: array,
      name,
      inSteps(this: unknown, ...rest) {
        return (inSteps as Call)(this, ...rest);
      },
    },
  ];
  const spread = (x: Operand, axis?: Axes | boolean, keepdims?: boolean, ddof?: number) =>
    variance(mx, x, axis, keepdims, ddof);
  return [
    ...both("variance", spread),
    ...both("std", (...inputs: Parameters<typeof spread>) => mx.sqrt(spread(...inputs))),
    ...both("logsumexp", (x: Operand, axis?: Axes | boolean, keepdims?: boolean) =>
      logSumExp(mx, x, axis, keepdims),
    ),
    ...norms(mx),
    ...products(mx),
  ];
}

/** `axis` and `keepdims`, where the binding lets the first be left out. */
function reduction(axis: Axes | boolean, keepdims?: boolean): [axes?: unknown, keepdims?: boolean] {
  if (typeof axis === "boolean") return [axis];
  return axis === undefined || axis === null ? [keepdims ?? false] : [axis, keepdims ?? false];
}

function variance(
  mx: Mx,
  x: Operand,
  axis?: Axes | boolean,
  keepdims?: boolean,
  ddof = 0,
): MxArray {
  const over = reduction(axis, keepdims) as [never, never];
  const values = mx.array(x);
  const mean = mx.mean(values, ...over);
  const squares = mx.square(values);
  const spread = mx.subtract(mx.mean(squares, ...over), mx.square(mean));
  if (ddof === 0) return spread;
  const count = values.size / Math.max(mean.size, 1);
  return mx.multiply(spread, count / Math.max(count - ddof, 0));
}

/** From so many numbers on, totals of a row are products. */
const many = 2048;

/** Whether this is a reduction of a long row of float32 on the CPU, whose total MLX gets wrong in its last digits. */
export function manyInRow(mx: Mx, x: unknown, axis: unknown): x is MxArray {
  if (!(x instanceof mx.array)) return false;
  const { shape, ndim, dtype } = x as MxArray;
  if (ndim === 0 || (shape[ndim - 1] ?? 0) < many || dtype !== mx.float32) return false;
  const last = axis === -1 || axis === ndim - 1;
  const whole = ndim === 1 && typeof axis !== "number" && !Array.isArray(axis);
  return (last || whole) && mx.defaultDevice().type === mx.cpu;
}

/** The logarithm of summed exponentials, in steps of which each is exact to float32's last digits. */
export function logSumExp(mx: Mx, x: Operand, axis?: Axes | boolean, keepdims?: boolean): MxArray {
  const [first, second] = reduction(axis, keepdims);
  const over = (typeof first === "boolean" ? [] : [first]) as [never];
  const keep = typeof first === "boolean" ? first : second;
  const values = mx.array(x);
  const largest = mx.stopGradient(mx.max(values, ...over, true));
  const exponentials = mx.exp(mx.subtract(values, largest));
  const sum = manyInRow(mx, exponentials, over[0])
    ? mx.matmul(exponentials, mx.ones([exponentials.shape[exponentials.ndim - 1], 1]))
    : mx.sum(exponentials, ...over, true);
  const total = mx.log(sum);
  const result = mx.where(mx.isinf(largest), largest, mx.add(total, largest));
  if (keep) return result;
  return typeof first === "boolean" ? mx.squeeze(result) : mx.squeeze(result, first as number);
}

/** On the GPU these are one step with a gradient of its own. */
function norms(mx: Mx): InSteps[] {
  const holder = mx.fast as unknown as Calls;
  const { rmsNorm, layerNorm } = mx.fast; // check what they are given, and say the dtype
  const onCpu = () => mx.defaultDevice().type === mx.cpu;
  const normalize = (centred: MxArray, power: MxArray, epsilon: number, { dtype }: MxArray) =>
    mx.multiply(centred, mx.rsqrt(mx.add(power, mx.array(epsilon)))).astype(dtype);
  const rms = (x: Operand, weight: Operand, epsilon: number): MxArray => {
    const whole = rmsNorm(x, weight, epsilon);
    if (!onCpu()) return whole;
    const wide = mx.array(x).astype(mx.float32);
    const normal = normalize(wide, mx.mean(mx.square(wide), -1, true), epsilon, whole);
    return weight == null ? normal : mx.multiply(mx.array(weight).astype(whole.dtype), normal);
  };
  const layer = (...inputs: Parameters<typeof layerNorm>): MxArray => {
    const [x, weight, bias, epsilon] = inputs;
    const whole = layerNorm(...inputs);
    if (!onCpu()) return whole;
    const wide = mx.array(x).astype(mx.float32);
    const mean = mx.mean(wide, -1, true);
    const power = mx.subtract(mx.mean(mx.square(wide), -1, true), mx.square(mean));
    const normal = normalize(mx.subtract(wide, mean), power, epsilon, whole);
    const typed = (operand: Operand) => mx.array(operand).astype(whole.dtype);
    const scaled = weight == null ? normal : mx.multiply(normal, typed(weight));
    return bias == null ? scaled : mx.add(scaled, typed(bias));
  };
  return [
    { holder, name: "rmsNorm", inSteps: rms as Call },
    { holder, name: "layerNorm", inSteps: layer as Call },
  ];
}

const binaries = ["multiply", "divide", "power", "maximum", "minimum", "logaddexp", "remainder"];

/** Numbers of two dtypes: the converted ones are a step between. */
function products(mx: Mx): InSteps[] {
  const core = mx as unknown as Calls;
  const { add } = mx;
  const common = (a: MxArray, b: MxArray) => add(mx.array(0, a.dtype), mx.array(0, b.dtype)).dtype;
  const held = (x: unknown) => (Array.isArray(x) ? mx.array(x as number[]) : x) as Operand;
  return binaries.map((name) => {
    const own = core[name];
    const inSteps: Call = (given, other, ...rest) => {
      const [a, b] = [held(given), held(other)] as MxArray[];
      const plain = typeof a !== "object" || typeof b !== "object" || a.dtype === b.dtype;
      if (plain) return own(a, b, ...rest);
      const dtype = common(a, b);
      return own(a.astype(dtype), b.astype(dtype), ...rest);
    };
    return { holder: core, name, inSteps };
  });
}
