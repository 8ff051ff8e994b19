/** Training a small transformer with the binding's optimizers, and looking inside while it learns to copy. */
import * as lib from "mlxterp";

const { mx, nn } = lib;
const norm = { kind: "layer", epsilon: 1e-5, bias: true } as const;
const biases = { qkvBias: true, outputBias: true };
const attention = { heads: 4, kvHeads: 4, headDim: 8, scale: 8 ** -0.5, ...biases };
const mlp = { hidden: 64, activation: "gelu", gated: false, bias: true } as const;
const layers = [{ inputNorm: norm, postAttentionNorm: norm, attention, mlp }];
const sizes = { vocab: 16, hidden: 32, maxPositions: 16, learnedPositions: true };
const config = { ...sizes, layers, finalNorm: norm, head: { tied: false, bias: false } };
const decoder = lib.initializeWeights(new lib.Decoder(config), { seed: 1, deviation: 0.1 });
const model = new lib.LanguageModel(decoder, { config });

/** Eight random tokens, and the same again: (batch, 16) */
function repeated(seed: number): lib.MxArray {
  const half = mx.random.randint(0, 16, [16, 8], mx.int32, mx.random.key(seed));
  return mx.concatenate([half, half], 1);
}

const loss = nn.valueAndGrad(decoder, (ids: lib.MxArray) => {
  const logits = decoder.forward(ids).index(mx.Slice(), mx.Slice(7, 15)); // they predict the repeat
  const next = ids.index(mx.Slice(), mx.Slice(8));
  return nn.losses.crossEntropy(logits, next, undefined, -1, 0, "mean");
});
const optimizer = new lib.optimizers.AdamW(0.01);
for (let step = 0; step <= 60; step++) {
  const [, gradients] = loss(repeated(step));
  optimizer.update(decoder, gradients);
  mx.eval(decoder.parameters(), optimizer.state);
  if (step % 60 !== 0) continue;
  const cache = await model.run(repeated(9999), { save: "layers.0.selfAttn.pattern" });
  const means = mx.mean(cache.get("layers.0.selfAttn.pattern"), 0); // (heads, query, key)
  const best = mx.max(means.index(mx.Slice(), 12, 5)).item() as number;
  console.log(`step ${step}: a head looks at what followed before: ${best > 0.5}`);
}
