/** Rotary position embeddings: every variant as two tables and one quarter-turn matrix. */
import { fromFlat, type MxArray, mx } from "@mlxterp/mlx";
import type { RopeConfig } from "../config/rope-config.js";
import type { Positions } from "./pass.js";
import { ropeFrequencies, ropeRegime } from "./rope-frequencies.js";

/** Turns queries or keys, (batch, heads, position, headDim), by their positions. */
export type Rotation = (x: MxArray, positions: Positions) => MxArray;

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
  const tables = positionTables(config, headDim);
  return (x, positions) => {
    const { cos, sin } = tables(positions, x.shape[2]);
    const turned = mx.matmul(x, turn.dtype === x.dtype ? turn : turn.astype(x.dtype));
    return mx.add(mx.multiply(x, match(cos, x)), mx.multiply(turned, match(sin, x)));
  };
}

function match(table: MxArray, x: MxArray): MxArray {
  return table.dtype === x.dtype ? table : table.astype(x.dtype);
}

/** The wave number of every dimension of a head for sequences of a length, (1, headDim). */
function wavesByDimension(config: RopeConfig, headDim: number, length: number): MxArray {
  const waves = new Float32Array(headDim);
  const frequencies = ropeFrequencies(config, length);
  // Beyond `dims` the frequency is 0: cos 1, sin 0, so those dimensions stay as they are.
  for (const [dim, { pair }] of partners(config).entries()) waves[dim] = frequencies[pair];
  return fromFlat(waves, [1, headDim]);
}

/** Cosines and sines of positions from 0, (position, headDim) each. */
function wholeTables(config: RopeConfig, headDim: number, rows: number, length: number): Tables {
  const waves = wavesByDimension(config, headDim, length);
  const angles = mx.multiply(mx.arange(0, rows, 1, mx.float32).reshape([rows, 1]), waves);
  const [cos, sin] = [mx.cos(angles), mx.sin(angles)];
  const { scaling } = config;
  if (!scaling || !("attentionFactor" in scaling)) return { cos, sin };
  const long = scaling.kind === "longrope" && length > scaling.originalMaxPositions;
  const growth = (long && scaling.longAttentionFactor) || scaling.attentionFactor;
  const factors = new Float32Array(headDim).fill(1).fill(growth, 0, config.dims);
  const factor = fromFlat(factors, [1, headDim]);
  return { cos: mx.multiply(cos, factor), sin: mx.multiply(sin, factor) };
}

/** Looks up cosines and sines; the last answer is kept, since every layer of a pass asks for the same. */
function positionTables(
  config: RopeConfig,
  headDim: number,
): (positions: Positions, length: number) => Tables {
  let whole: { tables: Tables; rows: number; regime: number } | undefined;
  let last: { key: MxArray | number; length: number; regime: number; tables: Tables } | undefined;
  const tablesFor = (end: number, regime: number): Tables => {
    if (!whole || end > whole.rows || whole.regime !== regime) {
      const rows = Math.max(64, 2 ** Math.ceil(Math.log2(end)));
      whole = { tables: wholeTables(config, headDim, rows, end), rows, regime };
    }
    return whole.tables;
  };
  return ({ offset, ids, end }, length) => {
    const key = ids ?? offset;
    const regime = ropeRegime(config, end);
    if (last?.key === key && last.length === length && last.regime === regime) return last.tables;
    const { cos, sin } = tablesFor(end, regime);
    const rowsOf = (table: MxArray) =>
      ids
        ? table.index(ids).reshape([ids.shape[0], 1, length, -1])
        : table.index(mx.Slice(offset, offset + length));
    const tables = { cos: rowsOf(cos), sin: rowsOf(sin) };
    last = { key, length, regime, tables };
    return tables;
  };
}
