/** A layer of the kind that encoders of pictures have: norms before both halves, biases, a plain MLP. */
import type { LayerConfig, NormConfig, PlainActivationName } from "../decoder/config/config.js";

export interface PlainLayerSizes {
  readonly hidden: number;
  readonly heads: number;
  readonly norm: NormConfig;
  /** Whether queries, keys and values have biases. */
  readonly qkvBias: boolean;
  readonly mlp: { readonly hidden: number; readonly activation: PlainActivationName };
}

export function plainLayer({ hidden, heads, norm, qkvBias, mlp }: PlainLayerSizes): LayerConfig {
  const headDim = hidden / heads;
  return {
    inputNorm: norm,
    attention: {
      ...{ heads, kvHeads: heads, headDim, scale: headDim ** -0.5 },
      ...{ qkvBias, outputBias: true },
    },
    postAttentionNorm: norm,
    mlp: { ...mlp, gated: false, bias: true },
  };
}
