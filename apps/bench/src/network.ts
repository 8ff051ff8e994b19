/** A network of GPT-2 small's shape with seeded random weights: the subject of every measurement. */
import { mx } from "@mlxterp/mlx";
import { Decoder, type DecoderConfig, initializeWeights, LanguageModel } from "@mlxterp/models";

export const shape = {
  layers: 12,
  heads: 12,
  hidden: 768,
  headDim: 64,
  mlpHidden: 3072,
  vocab: 50257,
};

const norm = { kind: "layer", epsilon: 1e-5, bias: true } as const;

const layer: DecoderConfig["layers"][number] = {
  inputNorm: norm,
  attention: {
    heads: shape.heads,
    kvHeads: shape.heads,
    headDim: shape.headDim,
    scale: shape.headDim ** -0.5,
    qkvBias: true,
    outputBias: true,
  },
  postAttentionNorm: norm,
  mlp: { hidden: shape.mlpHidden, activation: "geluTanh", gated: false, bias: true },
};

const config: DecoderConfig = {
  vocab: shape.vocab,
  hidden: shape.hidden,
  maxPositions: 1024,
  learnedPositions: true,
  layers: Array.from({ length: shape.layers }, () => layer),
  finalNorm: norm,
  head: { tied: true, bias: false },
};

/** The network, evaluated and made interpretable. */
export function gpt2Shaped(): LanguageModel {
  const decoder = initializeWeights(new Decoder(config), { seed: 1, deviation: 0.02 });
  mx.eval(decoder.parameters());
  return new LanguageModel(decoder, { config, name: "GPT-2-small-shaped" });
}

/** A network of as many layers and sites that takes milliseconds, for what is done a thousand times. */
export function smallNetwork(): LanguageModel {
  const small: DecoderConfig = {
    ...config,
    vocab: 512,
    hidden: 192,
    layers: config.layers.map(({ attention, mlp, ...norms }) => ({
      ...norms,
      attention: { ...attention, heads: 3, kvHeads: 3 },
      mlp: { ...mlp, hidden: 768 },
    })),
  };
  const decoder = initializeWeights(new Decoder(small), { seed: 1, deviation: 0.02 });
  mx.eval(decoder.parameters());
  return new LanguageModel(decoder, { config: small, name: "small" });
}

/** Token ids spread over the vocabulary, the same in every run. */
export function someTokens(count: number): number[] {
  return Array.from({ length: count }, (_, index) => (index * 7919 + 13) % shape.vocab);
}
