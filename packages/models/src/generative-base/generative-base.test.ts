/** Every generative model is of the one base, and knows the sites of its own module. */
import { describe, expect, it } from "vitest";
import { LanguageModel, loadModel, RecurrentModel } from "../index.js";
import { referenceFolder } from "../test-support/reference-folders.js";

describe("generative models", () => {
  it("continue, keep and refuse in the same way, whatever the architecture", async () => {
    const decoder = await loadModel(referenceFolder("llama/base"));
    const mamba = await loadModel(referenceFolder("mamba/base"), { as: RecurrentModel });
    expect([decoder.constructor, mamba.constructor]).toEqual([LanguageModel, RecurrentModel]);
    for (const model of [decoder, mamba]) {
      const { tokens } = await model.generateText([3, 4, 5], { maxTokens: 3, ignoreEos: true });
      const batch = await model.rolloutBatch([[3, 4, 5]], {
        ...{ save: "output", maxTokens: 3, ignoreEos: true },
      });
      expect(tokens).toEqual(batch[0].tokens);
      expect(() => Reflect.construct(model.constructor, [model.module, { confg: {} }])).toThrow(
        `${model.constructor.name}`,
      );
    }
  });

  it("is followed by the compiler into each architecture's own modules", async () => {
    const decoder = await loadModel(referenceFolder("llama/base"));
    const mamba = await loadModel(referenceFolder("mamba/base"), { as: RecurrentModel });
    const wrong = [
      // @ts-expect-error a misspelt site of a decoder
      () => decoder.run([3], { save: "layers.*.selfAttn.patern" }),
      // @ts-expect-error a misspelt site of a mixer
      () => mamba.run([3], { save: "layers.*.mixer.stat" }),
    ];
    for (const attempt of wrong) await expect(attempt()).rejects.toThrow(/selfAttn|mixer/);
    expect((await mamba.run([[3]], { save: "layers.*.mixer.delta" })).size).toBeGreaterThan(0);
  });
});
