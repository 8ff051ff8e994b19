/** The property `T` of arrays, by way of the method, which can be trusted with axes of length 1. */
import type { MxArray } from "./types/array.js";
import type { Mx } from "./types/core.js";

/**
 * The binding's own `T` cannot be defined anew, but what arrays inherit from can be put before it, as long as no array
 * was made: the engine keeps the shape of the first. Where another module has made some, `T` stays as it is.
 */
export function installSoundTranspose(mx: Mx): void {
  const array = mx.array as { prototype: MxArray };
  const before = array.prototype;
  array.prototype = Object.create(before, {
    T: {
      get(this: MxArray) {
        return this.transpose();
      },
    },
  });
  if (Object.getPrototypeOf(mx.array(0)) !== array.prototype) array.prototype = before;
}
