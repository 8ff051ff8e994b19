/** The type of the binding's array module, `mx`: the operations this project uses. */
import type { Device, Dtype, DtypeCategory, MxArray, Operand, Slice } from "./array.js";

type Unary = (x: Operand) => MxArray;
type Binary = (a: Operand, b: Operand) => MxArray;
type Shape = number | readonly number[];
type Axes = number | readonly number[];

interface Reduce {
  (x: Operand, keepdims?: boolean): MxArray;
  (x: Operand, axis: Axes, keepdims?: boolean): MxArray;
}

interface ArrayConstructor {
  (value: Operand, dtype?: Dtype): MxArray;
  new (value: Operand, dtype?: Dtype): MxArray;
  readonly prototype: MxArray;
}

interface Random {
  key(seed: number): MxArray;
  seed(seed: number): void;
  split(key: MxArray, num?: number): MxArray;
  bernoulli(p?: Operand, shape?: readonly number[], key?: MxArray): MxArray;
  categorical(
    logits: Operand,
    axis?: number,
    shape?: readonly number[],
    numSamples?: number,
    key?: MxArray,
  ): MxArray;
  normal(
    shape?: readonly number[],
    dtype?: Dtype,
    loc?: number,
    scale?: number,
    key?: MxArray,
  ): MxArray;
  randint(
    low: Operand,
    high: Operand,
    shape?: readonly number[],
    dtype?: Dtype,
    key?: MxArray,
  ): MxArray;
  uniform(
    low: Operand,
    high: Operand,
    shape?: readonly number[],
    dtype?: Dtype,
    key?: MxArray,
  ): MxArray;
}

interface Linalg {
  norm(x: Operand, ord?: number | string, axis?: Axes, keepdims?: boolean): MxArray;
  qr(x: Operand): MxArray[];
  svd(x: Operand, stream?: Device | number): MxArray[];
  inv(x: Operand): MxArray;
  cholesky(x: Operand, upper: boolean): MxArray;
}

interface Fast {
  rmsNorm(x: Operand, weight: Operand, eps: number): MxArray;
  layerNorm(x: Operand, weight: Operand | null, bias: Operand | null, eps: number): MxArray;
  rope(
    x: Operand,
    dims: number,
    traditional: boolean,
    base: number,
    scale: number,
    offset: number,
  ): MxArray;
  scaledDotProductAttention(
    queries: Operand,
    keys: Operand,
    values: Operand,
    scale: number,
    mask?: Operand | null,
  ): MxArray;
}

interface Metal {
  isAvailable(): boolean;
}

/** MLX's array operations. Everything is lazy unless it says otherwise. */
export interface Mx {
  readonly array: ArrayConstructor;
  Slice(start?: number | null, stop?: number | null, step?: number | null): Slice;

  readonly cpu: number;
  readonly gpu: number;
  defaultDevice(): Device;
  setDefaultDevice(device: Device | number): void;

  readonly bool: Dtype;
  readonly uint8: Dtype;
  readonly uint16: Dtype;
  readonly uint32: Dtype;
  readonly uint64: Dtype;
  readonly int8: Dtype;
  readonly int16: Dtype;
  readonly int32: Dtype;
  readonly int64: Dtype;
  readonly float16: Dtype;
  readonly bfloat16: Dtype;
  readonly float32: Dtype;
  readonly complex64: Dtype;
  readonly floating: DtypeCategory;
  readonly integer: DtypeCategory;
  issubdtype(a: Dtype | DtypeCategory, b: Dtype | DtypeCategory): boolean;

  abs: Unary;
  ceil: Unary;
  cos: Unary;
  erf: Unary;
  exp: Unary;
  expm1: Unary;
  floor: Unary;
  isinf: Unary;
  isnan: Unary;
  log: Unary;
  log1p: Unary;
  logicalNot: Unary;
  negative: Unary;
  onesLike: Unary;
  reciprocal: Unary;
  round: Unary;
  rsqrt: Unary;
  sigmoid: Unary;
  sign: Unary;
  sin: Unary;
  sqrt: Unary;
  square: Unary;
  stopGradient: Unary;
  tanh: Unary;
  zerosLike: Unary;

  add: Binary;
  divide: Binary;
  equal: Binary;
  floorDivide: Binary;
  greater: Binary;
  greaterEqual: Binary;
  less: Binary;
  lessEqual: Binary;
  logaddexp: Binary;
  logicalAnd: Binary;
  logicalOr: Binary;
  matmul: Binary;
  maximum: Binary;
  minimum: Binary;
  multiply: Binary;
  notEqual: Binary;
  outer: Binary;
  power: Binary;
  remainder: Binary;
  subtract: Binary;

  all: Reduce;
  any: Reduce;
  logsumexp: Reduce;
  max: Reduce;
  mean: Reduce;
  min: Reduce;
  prod: Reduce;
  sum: Reduce;
  variance(x: Operand, axis?: Axes, keepdims?: boolean, ddof?: number): MxArray;
  argmax(x: Operand, axis?: number, keepdims?: boolean): MxArray;
  argmin(x: Operand, axis?: number, keepdims?: boolean): MxArray;
  argpartition(x: Operand, kth: number, axis?: number): MxArray;
  argsort(x: Operand, axis?: number): MxArray;
  sort(x: Operand, axis?: number): MxArray;
  cumsum(x: Operand, axis?: number): MxArray;
  softmax(x: Operand, axis?: Axes, precise?: boolean): MxArray;

  /** `alpha · (a @ b) + beta · c`. */
  addmm(c: Operand, a: Operand, b: Operand, alpha?: number, beta?: number): MxArray;
  allclose(a: Operand, b: Operand, rtol?: number, atol?: number, equalNan?: boolean): MxArray;
  arrayEqual(a: Operand, b: Operand, equalNan?: boolean): MxArray;
  arange(start: number, stop: number, step?: number, dtype?: Dtype): MxArray;
  /** `a[indicesA] @ b[indicesB]`, batch by batch; without indices all of them in order. */
  gatherMM(a: Operand, b: Operand, indicesA?: MxArray | null, indicesB?: MxArray | null): MxArray;
  /** `quantizedMatmul` of `x[indicesX]` and `weight[indicesWeight]`, batch by batch. */
  gatherQMM(
    x: MxArray,
    weight: MxArray,
    scales: MxArray,
    biases: MxArray,
    indicesX: MxArray | null,
    indicesWeight: MxArray,
    transpose: boolean,
    groupSize: number,
    bits: number,
  ): MxArray;
  broadcastTo(x: Operand, shape: Shape): MxArray;
  clip(x: Operand, min: Operand | null, max: Operand | null): MxArray;
  concatenate(arrays: readonly MxArray[], axis?: number): MxArray;
  expandDims(x: Operand, axis: Axes): MxArray;
  eye(n: number, m?: number, k?: number, dtype?: Dtype): MxArray;
  flatten(x: Operand, startAxis?: number, endAxis?: number): MxArray;
  full(shape: Shape, value: Operand, dtype?: Dtype): MxArray;
  moveaxis(x: Operand, source: number, destination: number): MxArray;
  ones(shape: Shape, dtype?: Dtype): MxArray;
  pad(x: Operand, width: number | readonly [number, number][], value?: Operand): MxArray;
  repeat(x: Operand, repeats: number, axis?: number): MxArray;
  reshape(x: Operand, shape: Shape): MxArray;
  split(x: Operand, sections: Axes, axis?: number): MxArray[];
  squeeze(x: Operand, axis?: Axes): MxArray;
  stack(arrays: readonly MxArray[], axis?: number): MxArray;
  swapaxes(x: Operand, axis1: number, axis2: number): MxArray;
  take(x: Operand, indices: Operand, axis?: number): MxArray;
  /** A view: element (i, j, …) is at `offset + i * strides[0] + j * strides[1] + …` of the row-major array. */
  asStrided(x: MxArray, shape: number[], strides: number[], offset?: number): MxArray;
  takeAlongAxis(x: Operand, indices: Operand, axis?: number): MxArray;
  tile(x: Operand, reps: readonly number[]): MxArray;
  transpose(x: Operand, ...axes: (number | readonly number[])[]): MxArray;
  tri(n: number, m?: number, k?: number, dtype?: Dtype): MxArray;
  tril(x: Operand, k: number): MxArray;
  where(condition: Operand, x: Operand, y: Operand): MxArray;
  zeros(shape: Shape, dtype?: Dtype): MxArray;

  quantize(weight: MxArray, groupSize: number, bits: number): MxArray[];
  dequantize(
    weight: MxArray,
    scales: MxArray,
    biases: MxArray,
    groupSize: number,
    bits: number,
  ): MxArray;
  quantizedMatmul(
    x: MxArray,
    weight: MxArray,
    scales: MxArray,
    biases: MxArray,
    transpose: boolean,
    groupSize: number,
    bits: number,
  ): MxArray;

  /** Lazy: the file is mapped when a value is evaluated. */
  load(file: string): MxArray | Record<string, MxArray>;
  saveSafetensors(
    file: string,
    arrays: Record<string, MxArray>,
    metadata?: Record<string, string>,
  ): void;

  /** Computes now. Prefer `evaluate`, which releases memory first. */
  eval(...trees: unknown[]): void;
  vjp(
    f: (...inputs: MxArray[]) => MxArray | MxArray[],
    primals: readonly MxArray[],
    cotangents: readonly MxArray[],
  ): [MxArray[], MxArray[]];
  grad<A extends unknown[]>(
    f: (...inputs: A) => MxArray,
    argnums?: Axes,
  ): (...inputs: A) => MxArray;
  valueAndGrad<A extends unknown[]>(
    f: (...inputs: A) => MxArray,
    argnums?: Axes,
  ): (...inputs: A) => [MxArray, MxArray];

  readonly random: Random;
  readonly linalg: Linalg;
  readonly fast: Fast;
  readonly metal: Metal;

  /** Bytes that MLX holds on Metal. */
  getActiveMemory(): number;
}
