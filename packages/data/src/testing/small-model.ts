/** For tests and their child processes: a small decoder of the Llama layout, and sequences for it. */
import { InterpretableModel, type Tokenizer } from "@mlxterp/core";
import { Decoder, type DecoderConfig, initializeWeights } from "@mlxterp/models";

const norm = { kind: "rms" as const, epsilon: 1e-5, bias: false };

const config: DecoderConfig = {
  vocab: 27,
  hidden: 16,
  maxPositions: 32,
  learnedPositions: false,
  layers: [0, 1].map(() => ({
    inputNorm: norm,
    attention: {
      heads: 4,
      kvHeads: 2,
      headDim: 4,
      scale: 0.5,
      qkvBias: false,
      outputBias: false,
      rope: { dims: 4, base: 10_000, interleaved: false },
    },
    postAttentionNorm: norm,
    mlp: { hidden: 24, activation: "silu" as const, gated: true, bias: false },
  })),
  finalNorm: norm,
  head: { tied: true, bias: false },
};

/** One token for each letter from a to z; a text begins with token 0. */
export const letters: Tokenizer = {
  encode: (text) => [0, ...[...text].map((letter) => letter.charCodeAt(0) - 96)],
  decode: (ids) => ids.map((id) => String.fromCharCode(96 + id)).join(""),
  pieces: (ids) => ids.map((id) => String.fromCharCode(96 + id)),
  vocabSize: config.vocab,
};

export function smallModel(seed = 3) {
  const decoder = initializeWeights(new Decoder(config), { seed, deviation: 0.4 });
  return new InterpretableModel(decoder, { tokenizer: letters, name: "small" });
}

/** Sequences of different lengths, always the same. */
export function sequences(count: number): number[][] {
  let state = 1;
  const next = () => (state = (state * 48_271) % 2_147_483_647);
  return Array.from({ length: count }, () =>
    Array.from({ length: 1 + (next() % 9) }, () => next() % config.vocab),
  );
}
