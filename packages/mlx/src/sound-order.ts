/**
 * Sorting and running totals that can be trusted. The MLX of binding 0.0.7 sorts the places of a column of a table into a
 * buffer of the wrong size, and divides by zero over a single number; either may end the process.
 */
import { dense } from "./dense-slice.js";
import type { Call, Calls } from "./operations-in-steps.js";
import type { MxArray } from "./types/array.js";
import type { Mx } from "./types/core.js";

const sorts = ["sort", "argsort", "partition", "argpartition", "topk"];
const scans = ["cumsum", "cumprod", "cummax", "cummin", "logcumsumexp"];

/** Exchanges functions and methods. */
export function installSoundOrder(mx: Mx): void {
  const core = mx as unknown as Calls;
  const prototype = mx.array.prototype as unknown as Calls;
  const asArray = (x: unknown) => (Array.isArray(x) ? mx.array(x) : x) as MxArray;
  const exchange = (name: string, around: (own: Call) => Call) => {
    if (core[name]) core[name] = around(core[name]);
    const method = prototype[name];
    if (!method) return;
    const exchanged = around((x, ...rest) => method.apply(x, rest));
    prototype[name] = function (this: unknown, ...rest) {
      return exchanged(this, ...rest);
    };
  };
  for (const name of sorts) {
    exchange(name, (own) => (x, ...rest) => {
      const array = asArray(x);
      // a column keeps its gaps however it is reshaped, but not when it is computed
      const rows = array.ndim === 1 ? mx.where(mx.array(true), array, array) : dense(array);
      return own(array.ndim === 0 ? array : rows, ...rest);
    });
  }
  for (const name of scans)
    exchange(
      name,
      (own) =>
        (x, ...rest) =>
          scan(mx, own, asArray(x), rest),
    );
  const { sum } = mx;
  exchange("prod", (own) => (x, ...rest) => {
    const array = asArray(x); // its gradient is made of running products
    return array.size === 1 ? (sum as Call)(array, ...rest) : own(array, ...rest);
  });
}

/** Over two numbers where there is one, of which the other is cut off. */
function scan(mx: Mx, own: Call, x: MxArray, rest: readonly unknown[]): unknown {
  if (x.size !== 1) return own(x, ...rest);
  const one = x.reshape([1]);
  const [axis, ...how] = rest;
  const two = own(mx.concatenate([one, one], 0), 0, ...how) as MxArray;
  const cut = two.index(how[0] === true ? mx.Slice(1, 2) : mx.Slice(0, 1));
  return typeof axis === "number" ? cut.reshape(x.shape) : cut;
}
