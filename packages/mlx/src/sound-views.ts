/**
 * Slices, transposes and gathers that can be trusted. The MLX of binding 0.0.7 misreads the layout of some views:
 *
 * - a slice is marked as if rows were columns, so elementwise operations pair up the wrong numbers;
 * - softmax and norms overlook gaps between the rows of a slice;
 * - reductions over an axis of length 1 go by its stride, which is arbitrary once such an axis was cut or moved, and
 *   write past the end of a buffer;
 * - gathering blocks from an array in column order returns them transposed.
 *
 * Here slices come out dense, axes of length 1 are moved by reshaping around a transpose of the others, and blocks are gathered from row order. Fixed in
 * MLX by the changes 1336, 1389, 1394 and 3647. Binding 0.4.0 has the first three; there only gathers are exchanged, and
 * a binding without any of the faults is left as it is.
 */

import { cutsOf, dense, denseSlice, type IndexMethod } from "./dense-slice.js";
import { type AxisOrder, orderOfLonger, permutationOf } from "./permutation.js";
import { installSoundOrder } from "./sound-order.js";
import type { Index, MxArray, Operand } from "./types/array.js";
import type { Mx } from "./types/core.js";

/** The methods as the binding has them. */
export interface Methods {
  index: IndexMethod;
  transpose(this: MxArray, ...axes: (number | readonly number[])[]): MxArray;
  swapaxes(this: MxArray, one: number, other: number): MxArray;
  moveaxis(this: MxArray, source: number, destination: number): MxArray;
}

export const original = Symbol.for("mlxterp.originalViews");
type Prototype = Methods & { [original]?: Methods };

/** Exchanges the methods once per process, if the binding has the faults. */
export function installSoundViews(mx: Mx): void {
  const prototype = mx.array.prototype as unknown as Prototype;
  if (prototype[original]) return;
  const { index, transpose, swapaxes, moveaxis } = prototype;
  const methods: Methods = { index, transpose, swapaxes, moveaxis };
  Object.defineProperty(prototype, original, { value: methods });
  if (!pairsUpWrongNumbers(mx, index)) {
    if (!mixesUpBlocks(mx, index)) return;
    prototype.index = function (...indices) {
      return gather(index, this, indices);
    };
    exchangeTake(mx);
    return;
  }
  prototype.index = function (...indices) {
    return cutsOf(indices) ? denseSlice(mx, index, this, indices) : gather(index, this, indices);
  };
  prototype.transpose = function (...axes) {
    return moved(this, axes, transpose) ?? transpose.apply(this, axes);
  };
  prototype.swapaxes = function (one, other) {
    return moved(this, { swap: [one, other] }, transpose) ?? swapaxes.call(this, one, other);
  };
  prototype.moveaxis = function (source, destination) {
    const given = { move: [source, destination] } as const;
    return moved(this, given, transpose) ?? moveaxis.call(this, source, destination);
  };
  exchangeFunctions(mx);
  installSoundOrder(mx);
}

/** Adds two rows of a table to a transposed matrix. */
function pairsUpWrongNumbers(mx: Mx, index: IndexMethod): boolean {
  const rows = index.call(mx.arange(0, 9, 1, mx.float32).reshape([3, 3]), mx.Slice(0, 2));
  const columns = mx.arange(0, 6, 1, mx.float32).reshape([3, 2]).T;
  return mx.add(rows, columns).flatten().tolist()?.toString() !== "0,3,6,4,7,10";
}

/** Takes the only block of a table whose numbers lie column by column. */
function mixesUpBlocks(mx: Mx, index: IndexMethod): boolean {
  const columns = mx.arange(0, 6, 1, mx.float32).reshape([1, 2, 3]).transpose(0, 2, 1);
  return index.call(columns, 0).tolist()?.toString() !== "0,3,1,4,2,5";
}

/** Reads single places or blocks. Blocks of more than one axis are read right from row order only. */
function gather(index: IndexMethod, array: MxArray, indices: readonly Index[]): MxArray {
  const gathered = indices.filter((entry) => typeof entry === "number" || isIndexArray(entry));
  if (gathered.length === 0) return index.apply(array, [...indices]);
  return index.apply(inRowOrder(array, gathered.length), [...indices]);
}

function isIndexArray(entry: Index): boolean {
  return typeof entry === "object" && entry !== null && "shape" in entry;
}

/** @param gathered how many axes single places are taken of */
function inRowOrder(array: MxArray, gathered: number): MxArray {
  if (array.ndim - gathered < 2) return array; // the blocks are lines
  const { shape } = array;
  return shape.filter((size) => size > 1).length < 2 ? array : dense(array);
}

/**
 * Moves the axes longer than 1 by themselves: any other's stride would say nothing afterwards.
 *
 * @returns undefined where there is no axis of length 1, or MLX has to refuse
 */
function moved(
  array: MxArray,
  given: AxisOrder,
  transpose: Methods["transpose"],
): MxArray | undefined {
  const { shape } = array;
  if (!shape.includes(1) || shape.includes(0)) return undefined;
  const order = permutationOf(shape.length, given);
  if (!order) return undefined;
  const longer = orderOfLonger(shape, order);
  const small = array.reshape(shape.filter((size) => size > 1));
  const sorted = longer.every((axis, place) => axis === place);
  const turned = sorted ? small : transpose.call(small, longer);
  return turned.reshape(order.map((axis) => shape[axis]));
}

/** The same as functions. */
function exchangeFunctions(mx: Mx): void {
  exchangeTake(mx);
  Object.assign(mx, {
    transpose: (x: MxArray, ...axes: (number | readonly number[])[]) =>
      asArray(mx, x).transpose(...axes),
    swapaxes: (x: MxArray, one: number, other: number) => asArray(mx, x).swapaxes(one, other),
    moveaxis: (x: MxArray, source: number, destination: number) =>
      asArray(mx, x).moveaxis(source, destination),
  });
}

function exchangeTake(mx: Mx): void {
  const { take } = mx;
  Object.assign(mx, {
    take: (x: MxArray, indices: MxArray, axis?: number) =>
      axis === undefined ? take(x, indices) : take(inRowOrder(asArray(mx, x), 1), indices, axis),
  });
}

function asArray(mx: Mx, x: Operand): MxArray {
  return isIndexArray(x as Index) ? (x as MxArray) : mx.array(x);
}
