/**
 * Sorting and running totals that can be trusted. The MLX of binding 0.0.7 sorts the places of a column of a table into a
 * buffer of the wrong size, and divides by zero over an axis of one number, or of none; either may end the process.
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
      if (array.size === 0) return name.startsWith("arg") ? array.astype(mx.uint32) : array;
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
    return lengthOver(array, rest[0]) === 1 ? (sum as Call)(array, ...rest) : own(array, ...rest);
  });
  exchange("softmax", (own) => (x, ...rest) => {
    const array = asArray(x);
    return array.size === 0 ? array : own(array, ...rest);
  });
}

/** How many numbers each result of a reduction over these axes is made of; undefined stands for all axes. */
function lengthOver(x: MxArray, axes: unknown): number {
  if (axes === undefined || axes === null) return x.size;
  return [axes]
    .flat()
    .reduce<number>((length, axis) => length * (x.shape.at(axis as number) ?? 0), 1);
}

/** Along an axis of one number: over that number twice, of which one is cut off. */
function scan(mx: Mx, own: Call, x: MxArray, [axis, ...how]: readonly unknown[]): unknown {
  if (x.size === 0) return x;
  if (lengthOver(x, axis) !== 1) return own(x, axis, ...how);
  const along = typeof axis === "number" ? axis : 0;
  const one = x.ndim === 0 || typeof axis !== "number" ? x.reshape([1]) : x;
  const two = own(mx.concatenate([one, one], along), along, ...how) as MxArray;
  return mx.split(two, 2, along)[how[0] === true ? 1 : 0];
}
