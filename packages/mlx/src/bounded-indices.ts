/**
 * Indices that stay inside. MLX checks none: one beyond the axis reads or writes whatever memory is there, and may end the
 * process. Here an index that is known (a number, a list, an array made of one) is refused when it does not exist; one that
 * is computed cannot be, since nobody knows it yet, and becomes the nearest that exists.
 */
import { brief } from "@mlxterp/results/errors";
import { noteWrite } from "./array-writes.js";
import { InvalidArgumentError } from "./errors.js";
import { rangeOfNumbers } from "./exact-array.js";
import type { Calls } from "./operations-in-steps.js";
import type { Index, MxArray, Operand } from "./types/array.js";
import type { Mx } from "./types/core.js";

type Indices = readonly Index[];

/** Exchanges what gathers and scatters. */
export function installBoundedIndices(mx: Mx): void {
  const prototype = mx.array.prototype;
  const { index, at, indexPut_ } = prototype;
  prototype.index = function (this: MxArray, ...indices) {
    return index.apply(this, needsBounds(indices) ? bounded(mx, this, indices) : indices);
  };
  prototype.at = function (this: MxArray, ...indices) {
    const own = needsBounds(indices)
      ? bounded(mx, this, indices).map((at) => copied(mx, at))
      : indices;
    return at.apply(this, own);
  };
  prototype.indexPut_ = function (this: MxArray, given, value) {
    const indices = Array.isArray(given) ? (given as Indices) : [given as Index];
    const own = needsBounds(indices) ? bounded(mx, this, indices) : indices;
    indexPut_.call(this, own.length === 1 ? own[0] : [...own], value);
    noteWrite(this);
  };
  boundIteration(prototype as unknown as Iterating);
  exchangeFunctions(mx);
}

interface Iterating {
  [Symbol.iterator](this: MxArray): Iterator<unknown>;
}

/** What has no axis has nothing to go through; MLX looks for one all the same. */
function boundIteration(prototype: Iterating): void {
  const own = prototype[Symbol.iterator];
  const value = function (this: MxArray): Iterator<unknown> {
    if (this.ndim > 0) return own.call(this);
    throw new InvalidArgumentError(
      "array",
      this,
      "has no axis to go along: it is a single number.",
    );
  };
  Object.defineProperty(prototype, Symbol.iterator, { value, configurable: true, writable: true });
}

function exchangeFunctions(mx: Mx): void {
  const core = mx as unknown as Calls;
  for (const name of ["take", "takeAlongAxis", "putAlongAxis"]) {
    const own = core[name];
    if (!own) continue;
    core[name] = (given, at, ...rest) => {
      const indices =
        isArrayIndex(at) && !Array.isArray(at) ? at : mx.array(at as number[], mx.int32);
      const axis = rest.at(name === "putAlongAxis" ? 1 : 0);
      const x = Array.isArray(given) ? mx.array(given) : (given as MxArray);
      const size = typeof axis === "number" ? x.shape.at(axis) : x.size;
      return own(x, size === undefined ? indices : within(mx, indices as Operand, size), ...rest);
    };
  }
}

function needsBounds(indices: Indices): boolean {
  return indices.some((entry) => typeof entry === "number" || isArrayIndex(entry));
}

function isArrayIndex(entry: unknown): entry is MxArray {
  return typeof entry === "object" && entry !== null && !("start" in entry);
}

/** Each index within its own axis. */
function bounded(mx: Mx, { shape }: MxArray, indices: Indices): Index[] {
  const taken = indices.filter((entry) => entry !== null && entry !== "...").length;
  let axis = 0;
  return indices.map((entry) => {
    if (entry === null) return entry;
    const own = axis;
    axis += entry === "..." ? shape.length - taken : 1;
    const size = shape[own];
    if (size === undefined) return entry; // one index too many: MLX says so
    return typeof entry === "number" || isArrayIndex(entry)
      ? (within(mx, entry, size) as Index)
      : entry;
  });
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for a known index that does not exist */
function within(mx: Mx, indices: Operand, size: number): Operand {
  if (typeof indices === "number") {
    check(indices, indices, size);
    return indices;
  }
  const known = rangeOfNumbers(indices);
  if (known) {
    if (known.count > 0) check(known.low, known.high, size);
    return indices;
  }
  const array = indices as MxArray;
  return isArrayIndex(array) && mx.issubdtype(array.dtype, mx.integer)
    ? nearest(mx, array, size)
    : indices;
}

function check(low: number, high: number, size: number): void {
  const wrong = [low, high].find((n) => !Number.isInteger(n) || n < -size || n >= size);
  if (wrong === undefined) return;
  const rule = size === 0 ? "the axis is empty." : `the axis has places ${-size} … ${size - 1}.`;
  throw new InvalidArgumentError("index", wrong, `${brief(wrong)} does not exist: ${rule}`);
}

function nearest(mx: Mx, given: MxArray, size: number): MxArray {
  if (size === 0 || given.size === 0) return given;
  const indices = given.itemsize < 4 ? given.astype(mx.int32) : given; // the bounds must fit
  const { dtype } = indices;
  const below = mx.minimum(indices, mx.array(size - 1, dtype));
  const unsigned = dtype === mx.uint32 || dtype === mx.uint64;
  return unsigned ? below : mx.maximum(below, mx.array(-size, dtype));
}

/** The binding takes the arrays of `at` away from their handles, which crash when they are touched again. */
function copied(mx: Mx, entry: Index): Index {
  return isArrayIndex(entry) ? mx.array(entry) : entry;
}
