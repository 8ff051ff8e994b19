/** Training a model's module with the binding's optimizers: the model sees each step's weights, and stays traceable. */
import { mx, nn, optimizers, toFlat } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { Decoder, initializeWeights, LanguageModel } from "../index.js";
import { smallConfig } from "../test-support/checkpoints.js";

const ids = mx.array([[3, 1, 4, 1, 5, 9]], mx.int32);

function crossEntropy(decoder: Decoder) {
  const logits = decoder.forward(ids).index(mx.Slice(), mx.Slice(0, -1));
  const next = ids.index(mx.Slice(), mx.Slice(1));
  return nn.losses.crossEntropy(logits, next, undefined, -1, 0, "mean");
}

describe.each(["llama", "gpt2"] as const)("training a decoder in the style of %s", (style) => {
  it("is seen by the model at every step, which traces, edits and differentiates as before", async () => {
    const config = smallConfig(style, 1);
    const decoder = initializeWeights(new Decoder(config), { seed: 1 });
    const model = new LanguageModel(decoder, { config });
    const lossOf = nn.valueAndGrad(decoder, () => crossEntropy(decoder));
    const optimizer = new optimizers.AdamW(0.01);
    const losses: number[] = [];
    let before = toFlat((await model.run(ids)).get("output"));
    for (let step = 0; step < 12; step++) {
      const [loss, gradients] = lossOf();
      losses.push(loss.item() as number);
      optimizer.update(decoder, gradients);
      mx.eval(decoder.parameters(), optimizer.state);
      const cache = await model.run(ids, { save: ["output", "layers.*.selfAttn.pattern"] });
      const now = toFlat(cache.get("output"));
      expect(Array.from(now)).toEqual(Array.from(toFlat(decoder.forward(ids))));
      expect(Array.from(now)).not.toEqual(Array.from(before));
      before = now;
    }
    expect(losses[11]).toBeLessThan(losses[0] / 2);
    const { passed, invariants } = await model.verify();
    expect(invariants.filter((invariant) => !invariant.passed)).toEqual([]);
    expect(passed).toBe(true);
  });
});
