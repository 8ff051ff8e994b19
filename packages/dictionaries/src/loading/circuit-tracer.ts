/** Folders of circuit-tracer: `config.yaml` and a file for each layer, or two for transcoders across layers. */
import type { MxArray } from "@mlxterp/mlx";
import { completeConfig, type FeatureActivation } from "../dictionary/config.js";
import { Dictionary } from "../dictionary/dictionary.js";
import { DictionaryFormatError } from "../shared/errors.js";
import { CrossLayerTranscoder, type CrossLayerWeights } from "../transcoders/cross-layer.js";
import {
  TranscoderSet,
  type TranscoderSites,
  type Transcoders,
} from "../transcoders/transcoder-set.js";
import { FieldReader } from "./fields.js";
import {
  optional,
  type Place,
  readFields,
  required,
  scalar,
  type Tensors,
  tensorsOf,
} from "./files.js";
import type { LoadDictionaryOptions } from "./options.js";

export const circuitTracerConfig = "config.yaml";

export function loadCircuitTracer(place: Place, options: LoadDictionaryOptions): Transcoders {
  const file = place.at(circuitTracerConfig);
  const reader = new FieldReader(file, readFields(file), options.ignore);
  const kind = reader.word("model_kind", ["transcoder_set", "cross_layer_transcoder"]);
  if (kind === undefined) throw reader.wrong("model_kind", "there");
  const sites: TranscoderSites = {
    input: reader.text("feature_input_hook") ?? "mlp.hook_in",
    output: reader.text("feature_output_hook") ?? "hook_mlp_out",
    model: reader.text("model_name"),
    name: reader.has("scan") ? String(reader.fields.scan) : undefined,
  };
  if (kind === "cross_layer_transcoder") {
    reader.refuseOthers(["scan", "repo_id", "revision"]);
    return new CrossLayerTranscoder(crossLayers(place), sites);
  }
  const stated = reader.word("activation", ["relu", "topk", "jump_relu"]);
  const k = reader.count("k");
  const rectified = options.rectified ?? reader.boolean("rectified");
  const files = layerFiles(place, reader);
  reader.refuseOthers(["scan", "transcoders", "repo_id", "revision"]);
  const transcoders = files.map((path, layer) =>
    oneLayer(path, { stated, k }, sites, layer, rectified),
  );
  return new TranscoderSet(transcoders, sites);
}

/** Those that the configuration lists, or `layer_0`, `layer_1` … as far as they go. */
function layerFiles(place: Place, reader: FieldReader): string[] {
  const { transcoders: listed } = reader.fields;
  if (Array.isArray(listed)) return listed.map((path) => localFile(place, reader, path));
  const files: string[] = [];
  while (place.names.has(`layer_${files.length}.safetensors`)) {
    files.push(place.at(`layer_${files.length}.safetensors`));
  }
  if (files.length > 0) return files;
  throw new DictionaryFormatError(place.path, "it has no layer_0.safetensors.");
}

/** Files beside the configuration: nothing is fetched, and nothing outside the folder read. */
function localFile(place: Place, reader: FieldReader, path: unknown): string {
  const name = String(path);
  const isInside = !/^[a-z]+:\/\/|^[\\/]|(^|[\\/])\.\.([\\/]|$)/i.test(name);
  if (typeof path === "string" && isInside) return place.at(name);
  const rule =
    "a list of files in the same folder (download those of a hub first, and name them so)";
  throw reader.wrong("transcoders", rule);
}

function oneLayer(
  path: string,
  { stated, k }: { readonly stated: string | undefined; readonly k: number | undefined },
  sites: TranscoderSites,
  layer: number,
  rectified = false,
): Dictionary {
  const tensors = tensorsOf(path);
  const encoder = required(path, tensors, "W_enc", 2);
  const decoder = required(path, tensors, "W_dec", 2);
  const threshold = optional(path, tensors, "activation_function.threshold");
  const way = stated ?? (threshold ? "jump_relu" : "relu");
  const largest = way === "topk" ? (k ?? scalar(path, tensors, "k")) : 0;
  const activation: FeatureActivation =
    way === "topk"
      ? { kind: "topK", k: largest, rectified }
      : way === "relu"
        ? { kind: "relu" }
        : { kind: "jumpRelu", rectified };
  const [features, inputWidth] = encoder.shape;
  const config = completeConfig({
    kind: "transcoder",
    ...{ inputWidth, features, outputWidth: decoder.shape[1], activation },
    ...{ site: `blocks.${layer}.${sites.input}`, outputSite: `blocks.${layer}.${sites.output}` },
    ...{ model: sites.model, format: "circuit-tracer" },
  });
  return new Dictionary(config, {
    ...{ encoder: encoder.transpose(), decoder, threshold },
    encoderBias: required(path, tensors, "b_enc", 1),
    decoderBias: required(path, tensors, "b_dec", 1),
    skip: optional(path, tensors, "W_skip")?.transpose(),
  });
}

/** A skip is applied without exchanging its axes here, unlike in transcoders of one layer. */
function crossLayers(place: Place): CrossLayerWeights[] {
  const layers: CrossLayerWeights[] = [];
  for (let layer = 0; place.names.has(`W_enc_${layer}.safetensors`); layer++) {
    const encoderFile = place.at(`W_enc_${layer}.safetensors`);
    const decoderFile = place.at(`W_dec_${layer}.safetensors`);
    const tensors = tensorsOf(encoderFile);
    const get = (name: string, axes: number): MxArray =>
      required(encoderFile, tensors, `${name}_${layer}`, axes);
    const decoders: Tensors = tensorsOf(decoderFile);
    layers.push({
      encoder: get("W_enc", 2).transpose(),
      encoderBias: get("b_enc", 1),
      decoder: required(decoderFile, decoders, `W_dec_${layer}`, 3),
      decoderBias: get("b_dec", 1),
      threshold: optional(encoderFile, tensors, `threshold_${layer}`),
      skip: optional(encoderFile, tensors, `W_skip_${layer}`),
    });
  }
  if (layers.length > 0) return layers;
  throw new DictionaryFormatError(place.path, "it has no W_enc_0.safetensors.");
}
