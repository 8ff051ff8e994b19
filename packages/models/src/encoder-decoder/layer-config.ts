/** What layers of encoder and decoder have in common. */
import type { AttentionConfig, LayerConfig, MlpConfig } from "../decoder/config/config.js";
import type { EncoderDecoderConfig } from "./config.js";

/** Scores are not scaled, and no projection has a bias. */
export const attentionOf = ({ heads, headDim }: EncoderDecoderConfig): AttentionConfig => ({
  ...{ heads, kvHeads: heads, headDim, scale: 1, qkvBias: false, outputBias: false },
});

export const mlpOf = ({ mlp }: EncoderDecoderConfig): MlpConfig => ({ ...mlp, bias: false });

/** An encoder's layer. */
export const layerOf = (config: EncoderDecoderConfig): LayerConfig => ({
  inputNorm: config.norm,
  attention: attentionOf(config),
  postAttentionNorm: config.norm,
  mlp: mlpOf(config),
});
