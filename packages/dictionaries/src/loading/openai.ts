/** OpenAI's autoencoders: one file of torch for each layer. */
import { completeConfig, type FeatureActivation } from "../dictionary/config.js";
import { Dictionary } from "../dictionary/dictionary.js";
import { DictionaryFormatError, UnknownDictionaryFieldError } from "../shared/errors.js";
import { required, torchTensorsOf } from "./files.js";

export function loadOpenai(file: string): Dictionary {
  const { tensors, content } = torchTensorsOf(file);
  const entries = content as ReadonlyMap<unknown, unknown>;
  const encoder = required(file, tensors, "encoder.weight", 2);
  const activation = activationOf(file, entries);
  const [features, inputWidth] = encoder.shape;
  const config = completeConfig({
    ...{ inputWidth, features, activation, format: "openai" },
    normalization: activation.kind === "topK" ? "layerNorm" : "none",
    subtractDecoderBias: true,
  });
  return new Dictionary(config, {
    encoder: encoder.transpose(),
    encoderBias: required(file, tensors, "latent_bias", 1),
    decoder: required(file, tensors, "decoder.weight", 2).transpose(),
    decoderBias: required(file, tensors, "pre_bias", 1),
  });
}

function activationOf(file: string, entries: ReadonlyMap<unknown, unknown>): FeatureActivation {
  const name = entries.get("activation");
  if (name === "ReLU") return { kind: "relu" };
  const known = "known are ReLU and TopK";
  if (name !== "TopK") throw new UnknownDictionaryFieldError(file, "activation", name, known);
  const settings = entries.get("activation_state_dict");
  const [k, after] = ["k", "postact_fn"].map((key) =>
    settings instanceof Map ? settings.get(key) : undefined,
  );
  if (after !== "ReLU" && after !== "Identity") {
    throw new UnknownDictionaryFieldError(file, "activation_state_dict.postact_fn", after);
  }
  if (typeof k !== "number" || k < 1) throw new DictionaryFormatError(file, `its k is ${k}.`);
  return { kind: "topK", k, rectified: after === "ReLU" };
}
