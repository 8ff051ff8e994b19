/** Rotary position embeddings: every variant as two tables and one quarter-turn matrix. */
import { fromFlat, type MxArray, mx } from "@mlxterp/mlx";
import type { RopeConfig, RopeScaling } from "./config.js";
import type { Positions } from "./pass.js";

/** Turns queries or keys, (batch, heads, position, headDim), by their positions. */
export type Rotation = (x: MxArray, positions: Positions) => MxArray;

/** The wave number of each rotated pair, in radians per position. */
export function ropeFrequencies(config: RopeConfig): Float32Array {
  return Float32Array.from({ length: config.dims / 2 }, (_, pair) => {
    const plain = config.base ** ((-2 * pair) / config.dims);
    return config.scaling ? scaleFrequency(plain, config.scaling) : plain;
  });
}

/** Llama 3 slows only the waves that are longer than its original context, with a smooth transition. */
function scaleFrequency(frequency: number, scaling: RopeScaling): number {
  if (scaling.kind === "linear") return frequency / scaling.factor;
  const { factor, lowFrequencyFactor: low, highFrequencyFactor: high } = scaling;
  const turns = (scaling.originalMaxPositions * frequency) / (2 * Math.PI);
  const share = Math.min(Math.max((turns - low) / (high - low), 0), 1);
  return (1 - share) * (frequency / factor) + share * frequency;
}

/** For each dimension of a head: the pair it belongs to and its partner there; none beyond `dims`. */
function partners(config: RopeConfig): { pair: number; partner: number; first: boolean }[] {
  const half = config.dims / 2;
  return Array.from({ length: config.dims }, (_, dim) => {
    const first = config.interleaved ? dim % 2 === 0 : dim < half;
    const step = config.interleaved ? 1 : half;
    const pair = config.interleaved ? dim >> 1 : dim % half;
    return { pair, partner: first ? dim + step : dim - step, first };
  });
}

/**
 * A quarter turn of every pair, (a, b) → (-b, a), as a matrix (headDim, headDim). A product with it only
 * moves numbers, exactly, and costs less than splitting and joining the array.
 */
function quarterTurn(config: RopeConfig, headDim: number): MxArray {
  const matrix = new Float32Array(headDim * headDim);
  for (const [dim, { partner, first }] of partners(config).entries()) {
    matrix[partner * headDim + dim] = first ? -1 : 1;
  }
  return fromFlat(matrix, [headDim, headDim]);
}

interface Tables {
  readonly cos: MxArray; // (position, headDim), or (batch, 1, position, headDim)
  readonly sin: MxArray;
}

/**
 * The rotation of one kind of layer. Tables grow with the longest sequence seen and are shared by all
 * layers and passes that use this rotation.
 *
 * @param config base, pairs and scaling
 * @param headDim dimensions of a head, of which `config.dims` turn
 */
export function createRotation(config: RopeConfig, headDim: number): Rotation {
  const turn = quarterTurn(config, headDim);
  const pairs = partners(config).map(({ pair }) => pair);
  const byDimension = Float32Array.from({ length: headDim }, (_, dim) => pairs[dim] ?? 0);
  const frequencies = ropeFrequencies(config);
  // Beyond `dims` the frequency is 0: cos 1, sin 0, so those dimensions stay as they are.
  const waves = fromFlat(
    byDimension.map((pair, dim) => (dim < config.dims ? frequencies[pair] : 0)),
    [1, headDim],
  );
  const tables = positionTables(waves);
  return (x, positions) => {
    const { cos, sin } = tables(positions, x.shape[2]);
    const turned = mx.matmul(x, turn.dtype === x.dtype ? turn : turn.astype(x.dtype));
    return mx.add(mx.multiply(x, match(cos, x)), mx.multiply(turned, match(sin, x)));
  };
}

function match(table: MxArray, x: MxArray): MxArray {
  return table.dtype === x.dtype ? table : table.astype(x.dtype);
}

/** Looks up cosines and sines; the last answer is kept, since every layer of a pass asks for the same. */
function positionTables(waves: MxArray): (positions: Positions, length: number) => Tables {
  let rows = 0;
  let whole: Tables;
  let last: { key: MxArray | number; length: number; tables: Tables } | undefined;
  const grow = (needed: number) => {
    rows = Math.max(64, 2 ** Math.ceil(Math.log2(needed)));
    const angles = mx.multiply(mx.arange(0, rows, 1, mx.float32).reshape([rows, 1]), waves);
    whole = { cos: mx.cos(angles), sin: mx.sin(angles) };
  };
  return ({ offset, ids, end }, length) => {
    const key = ids ?? offset;
    if (last?.key === key && last.length === length) return last.tables;
    if (end > rows) grow(end);
    const rowsOf = (table: MxArray) =>
      ids
        ? table.index(ids).reshape([ids.shape[0], 1, length, -1])
        : table.index(mx.Slice(offset, offset + length));
    const tables = { cos: rowsOf(whole.cos), sin: rowsOf(whole.sin) };
    last = { key, length, tables };
    return tables;
  };
}
