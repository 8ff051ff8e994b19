/** Tensors that hold several projections at once, split into one weight each. */
import type { AttentionConfig } from "../../decoder/config/config.js";
import { compact, type WeightRule } from "./weight-table.js";

const rowsOf = (parameters: readonly (readonly number[])[]): number =>
  parameters.reduce((sum, [rows]) => sum + rows, 0);

/** Several Linear layers one below the other. */
export function stackedRows(into: readonly string[], sizes: readonly number[]): WeightRule {
  const ends = sizes.map((_, index) =>
    sizes.slice(0, index + 1).reduce((sum, rows) => sum + rows, 0),
  );
  return {
    into,
    transform: (tensor) => tensor.split(ends.slice(0, -1), 0).map(compact),
    storedShape: (parameters) => [rowsOf(parameters), ...parameters[0].slice(1)],
  };
}

const projections = [
  "layers.*.selfAttn.qProj",
  "layers.*.selfAttn.kProj",
  "layers.*.selfAttn.vProj",
];

/** All queries, then all keys, then all values. */
export function stackedQkv({ heads, kvHeads, headDim }: AttentionConfig): WeightRule {
  return stackedRows(projections, [heads * headDim, kvHeads * headDim, kvHeads * headDim]);
}

/**
 * Key/value head by key/value head: the queries that share it, its key, its value. With as many of them as heads that is
 * q, k, v of each head; with one of them all queries come first.
 */
export function groupedQkv({ heads, kvHeads, headDim }: AttentionConfig): WeightRule {
  const shared = heads / kvHeads;
  return {
    into: projections,
    transform: (tensor) => {
      const columns = tensor.shape.slice(1);
      const groups = tensor.reshape([kvHeads, shared + 2, headDim, ...columns]);
      return groups
        .split([shared, shared + 1], 1)
        .map((part) => part.reshape([-1, ...columns]))
        .map(compact);
    },
    storedShape: (parameters) => [rowsOf(parameters), ...parameters[0].slice(1)],
  };
}

/** The gate above the linear branch of a gated MLP. */
export function stackedGateUp(hidden: number): WeightRule {
  return stackedRows(["layers.*.mlp.gateProj", "layers.*.mlp.upProj"], [hidden, hidden]);
}
