/** What analysis asks of a decoder, in one vocabulary, whatever the architecture behind it. */
import type { MxArray } from "@mlxterp/mlx";

/** One layer's weights, oriented so that `x @ W` computes. */
export interface LayerWeights {
  /** (heads, hidden, headDim) */
  readonly W_Q: MxArray;
  /** (kvHeads, hidden, headDim) */
  readonly W_K: MxArray;
  /** (kvHeads, hidden, headDim) */
  readonly W_V: MxArray;
  /** (heads, headDim, hidden) */
  readonly W_O: MxArray;
  /** (hidden, mlpHidden) */
  readonly W_in: MxArray;
  /** (mlpHidden, hidden) */
  readonly W_out: MxArray;
}

/** The parts of a decoder language model. */
export interface Anatomy {
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly hidden: number;
  readonly vocab: number;
  /** The longest prompt, in tokens; undefined when there is no limit. */
  readonly maxPositions: number | undefined;
  /** (batch, position) ids → (batch, position, hidden), the input of layer 0 */
  embed(ids: MxArray): MxArray;
  /** (…, hidden) → (…, hidden) */
  finalNorm(residual: MxArray): MxArray;
  /** (…, hidden), after the final norm → (…, vocab) logits, with every scale and cap of the family */
  unembed(normalized: MxArray): MxArray;
  weights(layer: number): LayerWeights;
}
