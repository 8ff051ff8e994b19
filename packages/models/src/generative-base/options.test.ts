/** Models that are made by hand: a description that is none, or that is another module's. */
import { describe, expect, it } from "vitest";
import { Decoder, LanguageModel } from "../index.js";
import type { RecurrentConfig } from "../recurrent/config.js";
import { RecurrentDecoder } from "../recurrent/recurrent-decoder.js";
import { RecurrentModel } from "../recurrent-model/recurrent-model.js";
import { smallConfig } from "../test-support/checkpoints.js";

const config = smallConfig("llama");
const norm = { kind: "rms", epsilon: 1e-5, bias: false } as const;
const layer = {
  inputNorm: norm,
  mixer: {
    kind: "mamba",
    ...{ inner: 32, state: 4, stepRank: 2, kernel: 4 },
    ...{ projectionBias: false, convolutionBias: true },
  },
} as const;
const mambaConfig: RecurrentConfig = {
  ...{ vocab: 19, hidden: 16, layers: [layer, layer], finalNorm: norm },
  ...{ residualInFloat32: true, head: { tied: true, bias: false } },
};

describe("a description", () => {
  it.each([[{}], [{ ...config, hidden: "32" }]])(
    "of a decoder that is none is refused: %#",
    (given: unknown) => {
      const make = () => new LanguageModel(new Decoder(config), { config: given as never });
      expect(make).toThrow(expect.objectContaining({ code: "INVALID_DECODER_CONFIG" }));
    },
  );

  it("of the class of something else is refused", () => {
    const none = new Error("a value") as never;
    const make = [
      () => new LanguageModel(new Decoder(config), { config: none }),
      () => new RecurrentModel(new RecurrentDecoder(mambaConfig), { config: none }),
    ];
    for (const one of make) expect(one).toThrow("config: must be an object, not one of the class Error."); // biome-ignore format: one line
  });

  it.each([[{}], [{ ...mambaConfig, vocab: 0 }]])(
    "of a recurrent model that is none is refused: %#",
    (given: unknown) => {
      const mamba = new RecurrentDecoder(mambaConfig);
      const make = () => new RecurrentModel(mamba, { config: given as never });
      expect(make).toThrow(/^config\.(layers|vocab): must be a whole number from 1/);
    },
  );

  it("of more layers than the module has is refused, where the anatomy counted too many", () => {
    const more = { ...config, layers: [...config.layers, config.layers[0]] };
    expect(() => new LanguageModel(new Decoder(config), { config: more })).toThrow(
      "config.layers: describes 3 layers, but the module has 2.",
    );
    const deep = { ...mambaConfig, layers: Array.from({ length: 5 }, () => layer) };
    expect(() => new RecurrentModel(new RecurrentDecoder(mambaConfig), { config: deep })).toThrow(
      "config.layers: describes 5 layers, but the module has 2.",
    );
  });
});
