/** Small random models for tests. */
import type { DecoderConfig } from "../decoder/config/config.js";
import { Decoder } from "../decoder/model/decoder.js";
import { initializeWeights } from "../decoder/model/initialize.js";
import { LanguageModel } from "../language-model/language-model.js";
import { smallConfig } from "./checkpoints.js";

/** A decoder whose weights are large enough for attention to be far from uniform. */
export function smallDecoder(config: DecoderConfig = smallConfig("llama")): Decoder {
  return initializeWeights(new Decoder(config), { seed: 5, deviation: 0.4 });
}

export function smallModel(config: DecoderConfig = smallConfig("llama")): LanguageModel {
  return new LanguageModel(smallDecoder(config), { config });
}
