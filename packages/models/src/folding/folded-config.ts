/** The description of a decoder whose norms have given their weights and biases to what reads them. */
import type { DecoderConfig, LayerConfig, NormConfig } from "../decoder/config/config.js";

type Reader = NormConfig | undefined;

/** Whether a norm adds a vector, which its readers then need a bias for. */
const shifts = (norm: Reader): boolean => norm?.bias ?? false;

/** The norm that a layer's MLP reads. */
export function mlpNorm(layer: LayerConfig): "inputNorm" | "postAttentionNorm" | undefined {
  if (layer.postAttentionNorm) return "postAttentionNorm";
  return layer.parallel && layer.inputNorm ? "inputNorm" : undefined;
}

/** The same decoder, with biases where a norm's bias goes, and an unembedding of its own. */
export function foldedConfig(config: DecoderConfig): DecoderConfig {
  const { head, finalNorm } = config;
  return {
    ...config,
    layers: config.layers.map(foldedLayer),
    ...(finalNorm && { finalNorm: { ...finalNorm, bias: false } }),
    head: { ...head, tied: false, bias: head.bias || shifts(finalNorm) },
  };
}

function foldedLayer(layer: LayerConfig): LayerConfig {
  const { attention, mlp, inputNorm, postAttentionNorm } = layer;
  const read = mlpNorm(layer);
  const mlpShifts = shifts(read && layer[read]);
  const experts = mlp.experts && {
    ...mlp.experts,
    routerBias: mlp.experts.routerBias || mlpShifts,
  };
  return {
    ...layer,
    ...(inputNorm && { inputNorm: { ...inputNorm, bias: false } }),
    ...(postAttentionNorm && { postAttentionNorm: { ...postAttentionNorm, bias: false } }),
    attention: { ...attention, qkvBias: attention.qkvBias || shifts(inputNorm) },
    mlp: { ...mlp, bias: mlp.bias || mlpShifts, ...(experts && { experts }) },
  };
}
