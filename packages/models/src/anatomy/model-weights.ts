/** A decoder's weights under the field's names, oriented so that activations multiply from the left. */
import { indexFromEnd } from "@mlxterp/core";
import { checkInteger, type MxArray, mx } from "@mlxterp/mlx";
import type { ProjectedEmbedding } from "../decoder/embedding/projected-embedding.js";
import type { ScaledEmbedding } from "../decoder/embedding/scaled-embedding.js";
import { TiedHead } from "../decoder/head/tied-head.js";
import type { Decoder } from "../decoder/model/decoder.js";
import { fullWeight } from "../packed/full-weight.js";
import { FactoredMatrix } from "./factored-matrix.js";
import { type DecoderLayerWeights, layerWeights } from "./layer-weights.js";

/**
 * The weights as they are now: unpacked, with adapters' parts, as the checkpoint holds them. See `model.folded` for matrices that norms are part of.
 *
 * @example
 * const { W_Q, W_O } = model.weights.layer(0); // (heads, hidden, headDim), (heads, headDim, hidden)
 */
export class ModelWeights {
  readonly #decoder: Decoder;

  constructor(decoder: Decoder) {
    this.#decoder = decoder;
  }

  /** (vocab, hidden): the rows as they are added to the residual stream, before any norm of the embeddings */
  get W_E(): MxArray {
    const { embedTokens } = this.#decoder;
    const weight = fullWeight(embedTokens);
    const { scale, projection } = embedTokens as Partial<ScaledEmbedding & ProjectedEmbedding>;
    const rows = scale === undefined ? weight : mx.multiply(weight, scale);
    return projection ? mx.matmul(rows, fullWeight(projection).T) : rows;
  }

  /** (positions, hidden), from the first position on; undefined unless positions are learned */
  get W_pos(): MxArray | undefined {
    const { embedPositions, positionOffset } = this.#decoder;
    return embedPositions && fullWeight(embedPositions).index(mx.Slice(positionOffset));
  }

  /** (hidden, vocab), before any scale or cap of the logits; the transposed embedding where they are tied */
  get W_U(): MxArray {
    const { lmHead, embedTokens, unembedProjection } = this.#decoder;
    const own = lmHead instanceof TiedHead ? undefined : lmHead;
    const matrix = fullWeight(own ?? embedTokens).T;
    return unembedProjection ? mx.matmul(fullWeight(unembedProjection).T, matrix) : matrix;
  }

  /** (vocab) */
  get b_U(): MxArray | undefined {
    return this.#decoder.lmHead?.bias ?? undefined;
  }

  /**
   * @param index negative ones count from the end
   * @throws OutOfRangeError (`OUT_OF_RANGE`)
   */
  layer(index: number): DecoderLayerWeights {
    checkInteger("index", index);
    return layerWeights(this.#decoder.layers, index);
  }

  /**
   * What a head writes about what it attends to: `W_V · W_O`, with the values its group of heads shares.
   * Without biases; families with an `outputScale` multiply it afterwards.
   *
   * @returns (hidden, hidden), of rank headDim
   * @throws OutOfRangeError (`OUT_OF_RANGE`); MissingAnatomyError (`MISSING_ANATOMY`) in latent attention
   * @example
   * const copies = model.weights.OV(0, 1).product(); // (hidden, hidden)
   */
  OV(layer: number, head: number): FactoredMatrix {
    const { W_V, W_O } = this.layer(layer);
    const [index, group] = headAndGroup(layer, head, W_O.shape[0], W_V.shape[0]);
    return new FactoredMatrix(W_V.index(group), W_O.index(index));
  }

  /**
   * Where a head attends: `W_Q · W_Kᵀ`, with the keys its group of heads shares. `x · QK · yᵀ` times `scoreScale` is the
   * score of query x and key y but for biases, rotation and norms of queries and keys.
   *
   * @returns (hidden, hidden), of rank headDim
   * @throws OutOfRangeError (`OUT_OF_RANGE`); MissingAnatomyError (`MISSING_ANATOMY`) in latent attention
   * @example
   * const { U, Vt } = model.weights.QK(0, 1).svd(); // pairs of directions, those that attract most first
   */
  QK(layer: number, head: number): FactoredMatrix {
    const { W_Q, W_K } = this.layer(layer);
    const [index, group] = headAndGroup(layer, head, W_Q.shape[0], W_K.shape[0]);
    return new FactoredMatrix(W_Q.index(index), W_K.index(group).T);
  }
}

/** A head from the front, and the key/value head it reads. */
function headAndGroup(
  layer: number,
  head: number,
  heads: number,
  kvHeads: number,
): readonly [head: number, group: number] {
  const index = indexFromEnd("Head", head, heads, `layer ${layer}`);
  return [index, Math.floor(index / (heads / kvHeads))];
}
