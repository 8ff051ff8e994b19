/** Every public function with right arguments, which tests then spoil. */
import { join } from "node:path";
import type { ActivationStore } from "@mlxterp/data";
import { mx } from "@mlxterp/mlx";
import type { LanguageModel } from "@mlxterp/models";
import * as own from "../index.js";
import { normal } from "./make.js";

/** A function, and arguments that it takes. */
export type Door = readonly unknown[];

/** What is exported and no function of its own: errors, methods, and classes that loading and training give. */
export const noDoors: ReadonlySet<string> = new Set([
  "Crosscoder",
  "CrossLayerTranscoder",
  "Dictionary",
  "TranscoderSet",
]);

export async function doorsOf(
  model: LanguageModel,
  folder: string,
  store: ActivationStore,
): Promise<Record<string, Door>> {
  const dictionary = own.loadDictionary("tiny");
  const transcoders = own.loadTranscoders("tiny");
  const rows = own.arraySource(normal([64, 8], 1));
  const both = own.arraySource(normal([64, 2, 8], 2));
  const quick = { features: 16, k: 2, steps: 1, batchSize: 16 } as const;
  const crossing = { ...quick, architecture: "batchTopK", sources: 2 } as const;
  const { dictionary: crosscoder } = await own.trainCrosscoder(both, crossing);
  const prompt = "the capital of France is";
  const [summary] = await own.topExamples(model, dictionary, [prompt], { features: [7] });
  const [graph] = await own.attributionGraph(model, prompt, { maxFeatures: 4 });
  const data = own.syntheticData({ samples: 8, features: 4, width: 4 });
  const x = normal([32, 128], 3);
  const labels = Array.from({ length: 32 }, (_, at) => at % 2 === 0);
  const training = {
    ...{ checkpointEvery: 1, reportEvery: 1, place: {} },
    onProgress: () => undefined,
  };
  const { place: _place, ...acrossLayers } = {
    ...training,
    sites: { input: "mlp.hook_in", output: "hook_mlp_out" },
  };
  return {
    arraySource: [own.arraySource, x, x],
    attributionGraph: [own.attributionGraph, model, prompt, { maxFeatures: 4, logits: 1 }],
    changeFeatures: [
      own.changeFeatures,
      dictionary,
      { set: { 1: 2 }, add: { 2: 1 }, scale: { 3: 0 } },
    ],
    changeTranscoderFeatures: [
      ...[own.changeTranscoderFeatures, model, transcoders, prompt],
      ...[[{ layer: 1, position: 2, feature: 3, value: 1 }], { hold: "nothing" }],
    ],
    crosscoderDiff: [own.crosscoderDiff, model, prompt, { top: 2, sites: ["layers.1"] }],
    densityHistogram: [own.densityHistogram, Float64Array.of(0.5), 4],
    diffCrosscoder: [
      ...[own.diffCrosscoder, crosscoder, both],
      { batchSize: 16, batches: 1, exclusive: 0.1, shared: 0.3 },
    ],
    evaluateDictionary: [
      ...[own.evaluateDictionary, model, dictionary, [prompt]],
      {
        positions: { from: 1 },
        behaviour: false,
        batchSize: 1,
        nulls: false,
        seed: 1,
        site: "layers.2",
      },
    ],
    featureAbsorption: [own.featureAbsorption, dictionary, x, labels, { mainFeatures: 1, seed: 1 }],
    featureTests: [own.featureTests, dictionary, x, labels],
    featureCircuit: [own.featureCircuit, model, prompt, { nodes: 2, random: 0 }],
    featureDashboard: [own.featureDashboard, summary, own.logitEffects(model, dictionary, [7])[0]],
    featureSimilarity: [own.featureSimilarity, dictionary, dictionary],
    featureSite: [own.featureSite, model, dictionary, "layers.2"],
    firstFeatures: [own.firstFeatures, dictionary, 8],
    foldActivationNorm: [own.foldActivationNorm, dictionary, 2],
    foldDecoderNorm: [own.foldDecoderNorm, small()],
    loadCrosscoder: [own.loadCrosscoder, "nowhere", { ignore: [], select: "threshold" }],
    loadDictionary: [
      own.loadDictionary,
      "tiny",
      { ignore: [], select: "topK", rectified: true, thresholdUnit: "raw" },
    ],
    loadTranscoders: [own.loadTranscoders, "tiny", { ignore: [] }],
    logitEffects: [own.logitEffects, model, dictionary, [7], 2],
    matchFeatures: [own.matchFeatures, dictionary, dictionary],
    modelSource: [
      own.modelSource,
      model,
      [prompt],
      { site: "layers.2", outputSite: "layers.1", batchSize: 1 },
    ],
    nullDictionary: [own.nullDictionary, dictionary, "random", 1],
    overSeeds: [own.overSeeds, [1, 2, 3]],
    promptFeatures: [own.promptFeatures, model, prompt, { top: 2, tokensEach: 1 }],
    saveCrosscoder: [own.saveCrosscoder, crosscoder, join(folder, "saved-crosscoder")],
    saveDictionary: [own.saveDictionary, dictionary, join(folder, "saved")],
    saveTranscoders: [own.saveTranscoders, transcoders, join(folder, "saved-transcoders")],
    scoreAgainstTruth: [own.scoreAgainstTruth, small(), data],
    sparseProbe: [own.sparseProbe, dictionary, x, labels, { features: 2, seed: 1 }],
    spliceDictionary: [
      ...[own.spliceDictionary, model, dictionary],
      { site: "layers.2", error: true, stopGradient: false },
    ],
    storeSource: [own.storeSource, store, { site: "layers.0", outputSite: "layers.0", seed: 1 }],
    syntheticData: [own.syntheticData, { samples: 4, features: 3, width: 3, seed: 1 }],
    topExamples: [
      ...[own.topExamples, model, dictionary, [prompt]],
      { features: [7], count: 1, context: 2, site: "layers.2", batchSize: 1 },
    ],
    trainCrosscoder: [own.trainCrosscoder, both, crossing, training],
    trainCrossLayerTranscoder: [
      own.trainCrossLayerTranscoder,
      both,
      { ...quick, architecture: "standard", layers: 2 },
      acrossLayers,
    ],
    trainDictionaries: [
      own.trainDictionaries,
      rows,
      [{ ...quick, architecture: "topK" }],
      training,
    ],
    trainDictionary: [own.trainDictionary, rows, { ...quick, architecture: "topK" }, training],
    trainingCurves: [own.trainingCurves, { run: [] }],
    trainingConfig: [(value: unknown) => own.trainingConfig.safeParse(value), { ...quick }],
    viewerGraph: [own.viewerGraph, graph, { slug: "graph", scan: "scan" }],
  };
}

/** A dictionary as wide as the small synthetic data. */
function small(): own.Dictionary {
  const activation = { kind: "relu" } as const;
  const sizes = { inputWidth: 4, features: 4, outputWidth: 4, activation };
  const plain = {
    normalization: "none",
    averageScaled: false,
    subtractDecoderBias: false,
  } as const;
  const config = {
    kind: "autoencoder",
    scaleByDecoderNorm: false,
    joinHeads: false,
    format: "mlxterp",
  } as const;
  const bias = mx.zeros([4]);
  const weights = { encoder: mx.eye(4), decoder: mx.eye(4), encoderBias: bias, decoderBias: bias };
  return new own.Dictionary({ ...sizes, ...plain, ...config }, weights);
}
