/** Embedding and unembedding as matrices, of models that have them. */
import { checkModel, MissingAnatomyError } from "@mlxterp/core";
import { type MxArray, mx } from "@mlxterp/mlx";
import { attendingLayers } from "../shared/attending.js";
import { range } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";

interface Factored {
  svd(): { readonly U: MxArray; readonly S: MxArray; readonly Vt: MxArray };
}

/** What a language model tells of its weights. */
export interface TokenWeights {
  readonly W_E: MxArray; // (vocab, hidden)
  readonly W_U: MxArray; // (hidden, vocab)
  OV(layer: number, head: number): Factored;
}

/** @throws MissingAnatomyError (`MISSING_ANATOMY`) for a module that is no language model */
export function tokenWeights(model: AnalysisModel): TokenWeights {
  const { weights } = model as unknown as { readonly weights?: Partial<TokenWeights> };
  if (weights && "W_E" in weights && "W_U" in weights) return weights as TokenWeights;
  const looked = ["weights.W_E", "weights.W_U"];
  throw new MissingAnatomyError("embedding and unembedding as matrices", looked, wayOut);
}

/** One layer's matrices, head by head; keys and values as often as queries share them. */
export interface HeadMatrices {
  readonly Q: MxArray; // (heads, hidden, headDim)
  readonly K: MxArray; // (heads, hidden, headDim)
  readonly V: MxArray; // (heads, hidden, valueDim)
  readonly O: MxArray; // (heads, valueDim, hidden)
}

/** @throws MissingAnatomyError (`MISSING_ANATOMY`) where a layer has no heads, or a matrix is not one (latent attention); InvalidArgumentError (`INVALID_ARGUMENT`) */
export function headMatrices(model: AnalysisModel): HeadMatrices[] {
  checkModel("model", model);
  const layers = attendingLayers("headWeights", model, range(model.anatomy.layers));
  try {
    return layers.map((layer) => matricesOf(model, layer));
  } catch (error) {
    if (!(error instanceof MissingAnatomyError)) throw error;
    throw new MissingAnatomyError(error.part, error.looked, wayOut);
  }
}

const wayOut =
  "headWeights compares every head's matrices; where these are none, see what heads look at (attentionPatterns) and write (directLogitAttribution).";

function matricesOf({ anatomy }: AnalysisModel, layer: number): HeadMatrices {
  const { W_Q, W_K, W_V, W_O } = anatomy.weights(layer);
  const shared = (x: MxArray) => mx.repeat(x.astype(mx.float32), W_Q.shape[0] / x.shape[0], 0);
  return { Q: shared(W_Q), K: shared(W_K), V: shared(W_V), O: W_O.astype(mx.float32) };
}
