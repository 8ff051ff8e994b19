/** Folders of sparsify: `cfg.json` and `sae.safetensors`, one for each site. */
import { completeConfig, type DictionaryConfig } from "../dictionary/config.js";
import { Dictionary } from "../dictionary/dictionary.js";
import { FieldReader } from "./fields.js";
import { optional, type Place, readFields, required, tensorsOf } from "./files.js";
import type { LoadDictionaryOptions } from "./options.js";

export const sparsifyWeights = "sae.safetensors";

/** Of initialisation, training and the size, which the weights tell. */
const harmless = ["expansion_factor", "normalize_decoder", "num_latents", "multi_topk", "d_in"];

export function loadSparsify(place: Place, options: LoadDictionaryOptions): Dictionary {
  const file = place.at("cfg.json");
  const reader = new FieldReader(file, readFields(file), options.ignore);
  const weights = place.at(sparsifyWeights);
  const tensors = tensorsOf(weights);
  const encoder = required(weights, tensors, "encoder.weight", 2);
  const decoder = required(weights, tensors, "W_dec", 2);
  const skip = optional(file, tensors, "W_skip");
  const k = reader.count("k");
  if (k === undefined) throw reader.wrong("k", "there");
  const choice = reader.word("activation", ["topk", "groupmax"]) ?? "topk";
  const transcodes = reader.boolean("transcode") ?? false;
  if ((reader.boolean("skip_connection") ?? false) !== (skip !== undefined)) {
    throw reader.wrong("skip_connection", `${skip !== undefined}, as the weights have it`);
  }
  reader.refuseOthers(harmless);
  const [features, inputWidth] = encoder.shape;
  const config = completeConfig({
    kind: transcodes ? "transcoder" : "autoencoder",
    ...{ inputWidth, features, outputWidth: decoder.shape[1] },
    activation: choice === "topk" ? { kind: "topK", k, rectified: true } : { kind: "groupMax", k },
    subtractDecoderBias: !transcodes,
    ...sitesOf(place.path, transcodes),
    format: "sparsify",
  });
  return new Dictionary(config, {
    encoder: encoder.transpose(),
    encoderBias: required(weights, tensors, "encoder.bias", 1),
    decoder,
    decoderBias: required(weights, tensors, "b_dec", 1),
    skip: skip?.transpose(),
  });
}

/** The folder is called as the module, whose input a transcoder reads. */
function sitesOf(path: string, transcodes: boolean): Pick<DictionaryConfig, "site" | "outputSite"> {
  const module = path.match(/(?:^|[\\/])((?:[\w]+\.)*layers\.\d+[\w.]*)[\\/]?$/)?.[1];
  if (module === undefined) return {};
  return transcodes ? { site: `${module}.input`, outputSite: module } : { site: module };
}
