/**
 * Llama Scope. Its dictionaries read activations scaled to a mean norm of √width; the factors are folded into the weights here, so that they
 * read and write raw activations. Source: He et al. 2024, arXiv 2410.20526.
 */
import { type MxArray, mx } from "@mlxterp/mlx";
import { completeConfig, type FeatureActivation } from "../dictionary/config.js";
import { Dictionary } from "../dictionary/dictionary.js";
import { FieldReader } from "./fields.js";
import { type Fields, optional, readFields, required, tensorsOf } from "./files.js";
import type { LoadDictionaryOptions } from "./options.js";

/** Sizes that the weights tell, and what is about training. */
const harmless = [
  ...["d_model", "d_sae", "expansion_factor", "dtype", "device", "seed", "sae_type", "lorsa"],
  ...["sparsity_include_decoder_norm", "use_decoder_bias", "init_decoder_norm", "tp_size"],
  ...["use_ghost_grads", "decoder_exactly_unit_norm", "jump_relu_threshold", "top_k"],
  ...[
    "decoder_bias_init_method",
    "sae_pretrained_name_or_path",
    "strict_loading",
    "use_triton_kernel",
  ],
  ...["sparsity_threshold_for_triton_spmm_kernel", "use_auxk", "exp_factor", "exp_name"],
];

export function loadLlamaScope(
  file: string,
  weightsFile: string,
  options: LoadDictionaryOptions,
): Dictionary {
  const reader = new FieldReader(file, readFields(file), options.ignore);
  const tensors = tensorsOf(weightsFile);
  const encoder = required(weightsFile, tensors, "encoder.weight", 2).transpose();
  const decoder = required(weightsFile, tensors, "decoder.weight", 2).transpose();
  const [site, outputSite] = [reader.text("hook_point_in"), reader.text("hook_point_out")];
  const [inputWidth, features] = encoder.shape;
  const read = scaleOf(reader, inputWidth, site, "in");
  const write = scaleOf(reader, decoder.shape[1], outputSite, "out");
  const activation = activationOf(reader, options);
  const subtractDecoderBias = reader.boolean("apply_decoder_bias_to_pre_encoder") ?? false;
  reader.refuseOthers(harmless);
  const config = completeConfig({
    kind: site === outputSite ? "autoencoder" : "transcoder",
    ...{ inputWidth, features, outputWidth: decoder.shape[1], activation, subtractDecoderBias },
    ...{ site, outputSite: site === outputSite ? undefined : outputSite, format: "llama-scope" },
  });
  return new Dictionary(config, {
    encoder: mx.multiply(encoder, read),
    encoderBias: required(weightsFile, tensors, "encoder.bias", 1),
    decoder: mx.divide(decoder, write),
    decoderBias: mx.divide(required(weightsFile, tensors, "decoder.bias", 1), write),
    threshold: thresholdOf(
      reader,
      optional(weightsFile, tensors, "log_jumprelu_threshold"),
      features,
      { read, unit: options.thresholdUnit },
    ),
  });
}

/** What activations are multiplied by before they are read, or divided by after they are written. */
function scaleOf(
  reader: FieldReader,
  width: number,
  site: string | undefined,
  end: string,
): number {
  const way = reader.word("norm_activation", ["dataset-wise", "inference"]) ?? "dataset-wise";
  if (way !== "dataset-wise") return 1; // folded in already
  const norms = reader.inner("dataset_average_activation_norm") as Fields | undefined;
  const norm = norms?.[end] ?? (site === undefined ? undefined : norms?.[site]);
  if (typeof norm === "number" && norm > 0) return Math.sqrt(width) / norm;
  throw reader.wrong("dataset_average_activation_norm", `an object with a number for "${end}"`);
}

function activationOf(
  reader: FieldReader,
  { rectified = true }: LoadDictionaryOptions,
): FeatureActivation {
  const name = reader.word("act_fn", ["jumprelu", "relu", "topk"]) ?? "jumprelu";
  if (name === "relu") return { kind: "relu" };
  if (name === "jumprelu") return { kind: "jumpRelu", rectified };
  const k = reader.count("top_k");
  if (k === undefined) throw reader.wrong("top_k", "there");
  return { kind: "topK", k, rectified: true };
}

/**
 * One number for all in the unit of raw activations, or the logarithm of one for each in that of normalised ones.
 *
 * @param logarithm (features)
 */
function thresholdOf(
  reader: FieldReader,
  logarithm: MxArray | undefined,
  features: number,
  { read, unit }: { readonly read: number; readonly unit: LoadDictionaryOptions["thresholdUnit"] },
): MxArray | undefined {
  const scale = (unit ?? (logarithm ? "normalized" : "raw")) === "raw" ? read : 1;
  if (logarithm) return mx.multiply(mx.exp(logarithm), scale);
  const one = reader.number("jump_relu_threshold");
  return one === undefined ? undefined : mx.full([features], one * scale);
}
