/** Types of MLX arrays, dtypes and devices, as far as this project uses them. */

/** An element type; compare with `===` against `mx.float32` and its siblings. */
export interface Dtype {
  readonly size: number;
  toString(): string;
}

/** A kind of element type, for `mx.issubdtype`. */
export type DtypeCategory = number & { readonly __category: unique symbol };

export interface Device {
  readonly type: number;
}

/** Numbers nested to any depth; the shape must be regular. */
export type NestedNumbers = number | boolean | readonly NestedNumbers[];

/** Whatever an operation takes where it wants an array. */
export type Operand = MxArray | NestedNumbers;

/** A range along one axis, made by `mx.Slice(start, stop, step)`; `null` leaves an end open. */
export interface Slice {
  readonly start: number | null;
  readonly stop: number | null;
  readonly step: number | null;
}

/** One entry of an index: an integer drops its axis, an array gathers, `null` adds an axis. */
export type Index = number | null | "..." | Slice | MxArray;

/** Functional updates at an index: each call returns a new array. */
export interface ArrayAt {
  add(value: Operand): MxArray;
  subtract(value: Operand): MxArray;
  multiply(value: Operand): MxArray;
  divide(value: Operand): MxArray;
  maximum(value: Operand): MxArray;
  minimum(value: Operand): MxArray;
}

/** A lazy array on the device: operations build a graph, `evaluate` computes it. */
export interface MxArray {
  readonly shape: number[];
  readonly dtype: Dtype;
  readonly ndim: number;
  readonly size: number;
  readonly itemsize: number;
  readonly nbytes: number;
  readonly length: number;
  readonly T: MxArray;

  astype(dtype: Dtype): MxArray;
  /** Evaluates; for arrays with one element. */
  item(): number | boolean;
  /** Evaluates; nested JavaScript arrays, or a number for a scalar. Slow for large arrays: see `toFlat`. */
  tolist(): unknown;
  at(...index: Index[]): ArrayAt;
  index(...index: Index[]): MxArray;
  /** Changes this array in place. Nothing in this project calls it on an array it did not make. */
  indexPut_(index: Index | Index[], value: Operand): void;

  reshape(shape: readonly number[]): MxArray;
  flatten(startAxis?: number, endAxis?: number): MxArray;
  squeeze(axis?: number | readonly number[]): MxArray;
  swapaxes(axis1: number, axis2: number): MxArray;
  moveaxis(source: number, destination: number): MxArray;
  transpose(...axes: (number | readonly number[])[]): MxArray;
  split(sections: number | readonly number[], axis?: number): MxArray[];

  abs(): MxArray;
  exp(): MxArray;
  log(): MxArray;
  sqrt(): MxArray;
  rsqrt(): MxArray;
  square(): MxArray;
  reciprocal(): MxArray;
  sum: ReduceMethod;
  mean: ReduceMethod;
  max: ReduceMethod;
  min: ReduceMethod;
  prod: ReduceMethod;
  all: ReduceMethod;
  any: ReduceMethod;
  logsumexp: ReduceMethod;
  argmax(axis?: number, keepdims?: boolean): MxArray;
  argmin(axis?: number, keepdims?: boolean): MxArray;
  cumsum(axis?: number): MxArray;
  [Symbol.iterator](): IterableIterator<MxArray>;
}

/** A reduction over all axes, or over those named. */
export interface ReduceMethod {
  (keepdims?: boolean): MxArray;
  (axis: number | readonly number[], keepdims?: boolean): MxArray;
}
