/**
 * Sums and the like over axes of one number. MLX believes the stride that is noted for such an axis, which in a part of
 * a larger row is longer than the part: it writes beyond the result, and sooner or later the process ends. Seen in the
 * MLX of binding 0.0.7, where slices in row order keep the strides of what they were cut from.
 */
import { dense } from "./dense-slice.js";
import type { Calls } from "./operations-in-steps.js";
import type { MxArray } from "./types/array.js";
import type { Mx } from "./types/core.js";

const names = ["sum", "mean", "max", "min", "prod", "all", "any", "variance", "std", "logsumexp"];

/** Exchanges functions and methods: they see strides that follow from the shape. */
export function installSoundReductions(mx: Mx): void {
  const core = mx as unknown as Calls;
  const prototype = mx.array.prototype as unknown as Calls;
  const sound = (x: unknown, axes: unknown) =>
    x instanceof mx.array && overOne(x as MxArray, axes) ? dense(x as MxArray) : x;
  for (const name of names) {
    const own = core[name];
    core[name] = (...inputs) => own(sound(inputs[0], inputs[1]), ...inputs.slice(1));
    const method = prototype[name];
    if (!method) continue;
    prototype[name] = function (this: unknown, ...rest) {
      return method.apply(sound(this, rest[0]), rest);
    };
  }
}

/** Whether a reduction runs over an axis of one number; what is no axis of this array is for MLX to refuse. */
function overOne({ shape }: MxArray, axes: unknown): boolean {
  if (!shape.includes(1)) return false;
  if (typeof axes === "number") return shape.at(axes) === 1;
  if (Array.isArray(axes)) return axes.some((axis) => shape.at(axis) === 1);
  return true;
}

/**
 * Operands of as many axes as the widest has, where the widest begins with axes of one number. Otherwise the gradient of
 * the narrow ones is a sum over those, made inside MLX, out of reach of what is exchanged above.
 */
export function levelled(mx: Mx, operands: readonly unknown[]): unknown[] {
  const arrays = operands.filter((x): x is MxArray => x instanceof mx.array);
  const shapes = arrays.map(({ shape }) => shape);
  const widest = Math.max(0, ...shapes.map(({ length }) => length));
  if (shapes.every(({ length }) => length === widest)) return [...operands];
  const leading = (axis: number) =>
    Math.max(...shapes.map((shape) => shape[axis - widest + shape.length] ?? 1));
  return operands.map((x) => {
    if (!(x instanceof mx.array)) return x;
    const { shape } = x as MxArray;
    const missing = Array.from({ length: widest - shape.length }, (_, axis) => axis);
    if (!missing.some((axis) => leading(axis) === 1)) return x;
    return (x as MxArray).reshape([...missing.map(() => 1), ...shape]);
  });
}
