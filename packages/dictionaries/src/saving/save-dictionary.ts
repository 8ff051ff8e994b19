/** Writes a dictionary in SAELens' layout, so that Python reads it back, and transcoders in circuit-tracer's. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  checkPath,
  type MxArray,
  mx,
  withFile,
  writeFileAtomically,
  writeTensors,
} from "@mlxterp/mlx";
import { checkDictionary } from "../dictionary/check-dictionary.js";
import type { FeatureActivation } from "../dictionary/config.js";
import type { Dictionary } from "../dictionary/dictionary.js";
import type { DictionaryWeights } from "../dictionary/weights.js";
import { UnsupportedDictionarySaveError } from "../shared/errors.js";
import { yaml } from "../shared/yaml.js";
import { checkTranscoders } from "../transcoders/check-transcoders.js";
import type { CrossLayerTranscoder } from "../transcoders/cross-layer.js";
import type { TranscoderSet } from "../transcoders/transcoder-set.js";
import { contiguous } from "./contiguous.js";
import { saveCrossLayer } from "./save-cross-layer.js";

/** Since which version this layout is read. */
const saelensVersion = "6.18.0";

/**
 * Writes `cfg.json` and `sae_weights.safetensors` into a folder.
 *
 * @throws UnsupportedDictionarySaveError (`UNSUPPORTED_DICTIONARY_SAVE`) for what that layout has no word for;
 * FileAccessError (`FILE_ACCESS`), IncompleteWriteError (`INCOMPLETE_WRITE`)
 * @example
 * await saveDictionary(loadDictionary("tiny"), "my-dictionary");
 * loadDictionary("my-dictionary").config.features; // 256
 */
export async function saveDictionary(dictionary: Dictionary, folder: string): Promise<void> {
  checkDictionary("dictionary", dictionary);
  checkPath("folder", folder);
  const settings = saelensSettings(dictionary);
  withFile(folder, () => mkdirSync(folder, { recursive: true }));
  await writeTensors(join(folder, "sae_weights.safetensors"), saelensTensors(dictionary));
  writeFileAtomically(join(folder, "cfg.json"), `${JSON.stringify(settings, null, 2)}\n`);
}

/**
 * Writes `config.yaml` and a file for each layer into a folder, or two for transcoders across layers.
 *
 * @throws as `saveDictionary`
 * @example
 * import { TranscoderSet } from "@mlxterp/dictionaries";
 * const transcoders = loadTranscoders("tiny");
 * if (transcoders instanceof TranscoderSet) await saveTranscoders(transcoders, "my-transcoders");
 */
export async function saveTranscoders(
  set: TranscoderSet | CrossLayerTranscoder,
  folder: string,
): Promise<void> {
  checkTranscoders("set", set);
  checkPath("folder", folder);
  if (set.kind === "cross-layer") return await saveCrossLayer(set, folder);
  const { activation } = set.transcoders[0].config;
  const named = { relu: "relu", jumpRelu: "jump_relu", topK: "topk" } as const;
  if (!Object.hasOwn(named, activation.kind)) throw noWord(activation.kind, "circuit-tracer");
  const scaled = set.transcoders.some(({ config }) => config.scaleByDecoderNorm);
  if (scaled) throw noWord("features measured by their decoder's norm", "circuit-tracer");
  withFile(folder, () => mkdirSync(folder, { recursive: true }));
  for (const [layer, { weights }] of set.transcoders.entries()) {
    const file = join(folder, `layer_${layer}.safetensors`);
    await writeTensors(file, {
      W_enc: turned(weights.encoder),
      W_dec: weights.decoder,
      b_enc: weights.encoderBias!,
      b_dec: weights.decoderBias,
      ...(weights.threshold && { "activation_function.threshold": weights.threshold }),
      ...(weights.skip && { W_skip: turned(weights.skip) }),
      ...(activation.kind === "topK" && { k: mx.array(activation.k, mx.int32) }),
    });
  }
  const settings = {
    model_kind: "transcoder_set",
    ...(set.sites.model && { model_name: set.sites.model }),
    feature_input_hook: set.sites.input,
    feature_output_hook: set.sites.output,
    ...(set.sites.name && { scan: set.sites.name }),
    activation: named[activation.kind as keyof typeof named],
    ...(activation.kind === "topK" && { k: activation.k }),
    // a word of our own: circuit-tracer keeps what is below zero
    ...(activation.kind !== "relu" && { rectified: rectifies(activation) }),
  };
  writeFileAtomically(join(folder, "config.yaml"), yaml().stringify(settings));
}

function rectifies(activation: FeatureActivation): boolean {
  return "rectified" in activation && activation.rectified;
}

function saelensSettings({ config, weights }: Dictionary): Record<string, unknown> {
  const { activation, kind, normalization, averageScaled, joinHeads } = config;
  const isTranscoder = kind === "transcoder";
  return {
    architecture: architectureOf(config, weights),
    ...{ d_in: config.inputWidth, d_sae: config.features, dtype: "float32", device: "cpu" },
    ...(isTranscoder && { d_out: config.outputWidth }),
    apply_b_dec_to_input: config.subtractDecoderBias,
    normalize_activations: averageScaled ? "expected_average_only_in" : words[normalization],
    reshape_activations: joinHeads ? "hook_z" : "none",
    ...(activation.kind === "topK" && {
      k: activation.k,
      rescale_acts_by_decoder_norm: config.scaleByDecoderNorm,
    }),
    ...ownSettings(config, weights),
    metadata: {
      sae_lens_version: saelensVersion,
      sae_lens_training_version: null,
      ...(config.model && { model_name: config.model }),
      ...(config.site && { hook_name: config.site }),
      ...(config.outputSite && { hook_name_out: config.outputSite }),
      hook_head_index: null,
    },
  };
}

/** What only some architectures have words for. */
function ownSettings(
  { activation }: Dictionary["config"],
  { context = [] }: DictionaryWeights,
): Record<string, unknown> {
  if (activation.kind === "matchingPursuit") {
    const { tolerance, rounds, untilRepeated } = activation;
    return {
      ...{ residual_threshold: tolerance, max_iterations: rounds },
      stop_on_duplicate_support: untilRepeated,
    };
  }
  if (activation.kind !== "temporal") return {};
  const [first] = context;
  return {
    ...{ n_heads: activation.heads, n_attn_layers: context.length, tied_weights: false },
    ...(first && { bottleneck_factor: first.value.shape[0] / first.keyBias.size }),
    ...{ sae_diff_type: activation.k === undefined ? "relu" : "topk", kval_topk: activation.k },
  };
}

const words = {
  none: "none",
  constantNorm: "constant_norm_rescale",
  layerNorm: "layer_norm",
} as const;

function architectureOf(
  { kind, activation, scaleByDecoderNorm, subtractDecoderBias }: Dictionary["config"],
  { skip, threshold }: DictionaryWeights,
): string {
  const isTranscoder = kind === "transcoder";
  if (scaleByDecoderNorm && activation.kind !== "topK") {
    throw noWord("features measured by their decoder's norm (foldDecoderNorm)", "SAELens");
  }
  if (isTranscoder && subtractDecoderBias)
    throw noWord("a transcoder that takes its bias off", "SAELens");
  const skips = isTranscoder && ["relu", "jumpRelu"].includes(activation.kind);
  if (skip && !skips) throw noWord("this skip", "SAELens");
  if (activation.kind === "jumpRelu") {
    const below = !activation.rectified && Boolean(mx.any(mx.less(threshold!, 0)).item());
    if (below) throw noWord("features below zero", "SAELens");
    if (!isTranscoder) return "jumprelu";
    return skip ? "jumprelu_skip_transcoder" : "jumprelu_transcoder";
  }
  if (activation.kind === "relu") {
    return isTranscoder ? (skip ? "skip_transcoder" : "transcoder") : "standard";
  }
  const fits = !isTranscoder && (activation.kind !== "topK" || activation.rectified);
  if (fits && activation.kind === "gated") return "gated";
  if (fits && activation.kind === "topK") return "topk";
  if (fits && activation.kind === "matchingPursuit") return "matching_pursuit";
  if (fits && activation.kind === "temporal") return "temporal";
  throw noWord(`${activation.kind} of this kind`, "SAELens");
}

function saelensTensors({ config, weights }: Dictionary): Record<string, MxArray> {
  const byDecoder = config.activation.kind === "matchingPursuit"; // it has no encoder of its own
  const named: Record<string, MxArray | undefined> = {
    ...{ W_enc: byDecoder ? undefined : weights.encoder, W_dec: weights.decoder },
    b_dec: weights.decoderBias,
    ...{ b_enc: weights.encoderBias, threshold: weights.threshold, b_gate: weights.gateBias },
    ...{ b_mag: weights.magnitudeBias, r_mag: weights.magnitudeScale },
    W_skip: weights.skip && turned(weights.skip),
    ...contextTensors(weights),
  };
  const there = Object.entries(named).filter(([, array]) => array !== undefined);
  return Object.fromEntries(there.map(([name, array]) => [name, contiguous(array!)]));
}

function contextTensors({ context = [] }: DictionaryWeights): Record<string, MxArray> {
  const layers = context.map((own, layer) => {
    const named = { q_target: "query", k_ctx: "key", v_ctx: "value", c_proj: "output" } as const;
    const parts = Object.entries(named).flatMap(([name, part]) => [
      [`attn_layers.${layer}.${name}.weight`, turned(own[part])],
      [`attn_layers.${layer}.${name}.bias`, own[`${part}Bias`]],
    ]);
    return Object.fromEntries(parts) as Record<string, MxArray>;
  });
  return Object.assign({}, ...layers);
}

function turned(array: MxArray): MxArray {
  return contiguous(array.transpose());
}

function noWord(what: string, format: string): UnsupportedDictionarySaveError {
  return new UnsupportedDictionarySaveError(what, format);
}
