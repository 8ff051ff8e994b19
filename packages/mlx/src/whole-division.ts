/** Whole numbers divided by zero: 0, as NumPy has it. The processor stops at such a division, and the process with it. */
import type { Call, Calls } from "./operations-in-steps.js";
import type { MxArray } from "./types/array.js";
import type { Mx } from "./types/core.js";

/** Exchanges functions and methods that divide whole numbers and keep them whole. */
export function installWholeDivision(mx: Mx): void {
  const core = mx as unknown as Calls;
  const prototype = mx.array.prototype as unknown as Calls;
  for (const name of ["floorDivide", "remainder", "divmod"]) {
    const own = core[name];
    if (own) core[name] = (a, b, ...rest) => divide(mx, own, [a, b, ...rest]);
    const method = prototype[name];
    if (!method) continue;
    const around: Call = (a, b, ...rest) =>
      divide(mx, (x, ...others) => method.apply(x, others), [a, b, ...rest]);
    prototype[name] = function (this: unknown, ...rest) {
      return around(this, ...rest);
    };
  }
}

function divide(mx: Mx, own: Call, [dividend, divisor, ...rest]: readonly unknown[]): unknown {
  if (!isWhole(mx, dividend) || !isWhole(mx, divisor)) return own(dividend, divisor, ...rest);
  const below = divisor as MxArray;
  const none = mx.equal(below, 0);
  const safe = mx.where(none, mx.onesLike(below), below);
  const asZero = (x: MxArray) => mx.where(none, mx.zerosLike(x), x);
  const result = own(dividend, safe, ...rest);
  return Array.isArray(result) ? result.map(asZero) : asZero(result as MxArray);
}

/** Whether a value takes part as a whole number; JavaScript's numbers are float32 to the binding. */
function isWhole(mx: Mx, value: unknown): boolean {
  return value instanceof mx.array && mx.issubdtype(value.dtype, mx.integer);
}
