/** Every published format against what its own library computes. */
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { type MxArray, mx, readTensors, writeTensors } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import type { Dictionary } from "../dictionary/dictionary.js";
import { firstFeatures, foldActivationNorm, foldDecoderNorm } from "../dictionary/fold.js";
import { temporaryFolder } from "../testing/make.js";
import { caseFacts, casePath, casesAreHere, caseValues, excess } from "../testing/reference.js";
import { loadCrosscoder, loadDictionary, loadTranscoders } from "./load.js";
import type { LoadDictionaryOptions } from "./options.js";

const tolerance = { atol: 1e-5, rtol: 1e-5 };

function expectClose(value: MxArray, expected: MxArray): void {
  expect(excess(value, expected, tolerance)).toBeLessThanOrEqual(0);
}

/** Cases whose values are called `feature_acts`, `decoded` and `reconstruction`; and where their files are. */
const plain = [
  ...["standard-none-bdec", "standard-none-nobdec", "standard-constant-norm-rescale-bdec"],
  ...["standard-layer-norm-bdec", "standard-expected-average-only-in-bdec", "standard-hookz"],
  ...["standard-expected-average-only-in-nobdec", "standard-folded-norm", "standard-folded-wdec"],
  ...["gated", "jumprelu", "jumprelu-nobdec", "jumprelu-trained", "jumprelu-transcoder"],
  ...["topk-k8-plain", "topk-k8-rescale", "topk-k150-relu", "topk-trained", "transcoder"],
  ...["skip-transcoder", "legacy-topk", "batchtopk-to-jumprelu", "matryoshka-to-jumprelu"],
  "batchtopk-checkpoint",
].map((name) => [`saelens-${name}`, ""]);

const others = [
  ["gemma-scope-npz", ""],
  ["gemma-scope-npz", "params.npz"],
  ["gemma-scope-negative-threshold", ""],
  ["gemma-scope-2-transcoder-skip", "params.safetensors"],
  ["sparsify-topk", "layers.3"],
  ["sparsify-groupmax", "layers.3"],
  ["sparsify-skip-transcoder", "layers.3.mlp"],
  ...["standard", "standard-april", "gated", "jumprelu", "topk", "batchtopk", "matryoshka"].map(
    (name) => [`dictionary-learning-${name}`, ""],
  ),
  ["openai-relu", "3.pt"],
  ["openai-topk", "3.pt"],
  ["openai-topk", "3_as_current_code_writes.pt"],
  ["llama-scope", ""],
  ["llama-scope-r1", ""],
];

describe.runIf(casesAreHere)("a dictionary in its library's files", () => {
  it.each([...plain, ...others])("%s/%s", (name, part) => {
    const dictionary = loadDictionary(casePath(name, part));
    const { x, feature_acts, decoded, reconstruction, error } = caseValues(name);
    expectClose(dictionary.encode(x), feature_acts);
    if (decoded && !dictionary.config.joinHeads && dictionary.config.normalization === "none") {
      expectClose(dictionary.decode(feature_acts), decoded);
    }
    if (reconstruction) expectClose(dictionary.forward(x), reconstruction);
    if (error) expectClose(mx.subtract(x, dictionary.forward(x)), error);
  });

  const choices: [string, string, LoadDictionaryOptions][] = [
    ["dictionary-learning-batchtopk", "batch_topk", { select: "batchTopK" }],
    ["dictionary-learning-matryoshka", "batch_topk", { select: "batchTopK" }],
    ["dictionary-learning-topk", "threshold", { select: "threshold" }],
    ["gemma-scope-npz", "circuit_tracer", { rectified: false }],
    ["gemma-scope-negative-threshold", "circuit_tracer", { rectified: false }],
    ["llama-scope", "unscaled_threshold", { thresholdUnit: "normalized" }],
    ["llama-scope-r1", "unscaled_threshold", { thresholdUnit: "normalized" }],
  ];

  it.each(choices)("%s, read as %s", (name, way, options) => {
    const dictionary = loadDictionary(casePath(name), options);
    const values = caseValues(name);
    expectClose(dictionary.encode(values.x), values[`feature_acts_${way}`]);
    expectClose(dictionary.forward(values.x), values[`reconstruction_${way}`]);
  });

  it("regression: transcoders of Gemma Scope, which have an autoencoder's tensors, were taken for autoencoders", () => {
    const file = casePath("gemma-scope-npz/params.npz");
    const folder = join(temporaryFolder(), "models--google--gemma-scope-2b-pt-transcoders");
    mkdirSync(folder);
    copyFileSync(file, join(folder, "params.npz"));
    expect(loadDictionary(file).config.kind).toBe("autoencoder");
    expect(loadDictionary(join(folder, "params.npz")).config.kind).toBe("transcoder");
    expect(loadDictionary(file, { kind: "transcoder" }).config.kind).toBe("transcoder");
    expect(loadDictionary(folder, { kind: "autoencoder" }).config.kind).toBe("autoencoder");
  });

  it("leaves out the outer features of a matryoshka", () => {
    const name = "dictionary-learning-matryoshka";
    const values = caseValues(name);
    const inner = firstFeatures(loadDictionary(casePath(name)), 96);
    const all = values.feature_acts_two_groups;
    expectClose(inner.encode(values.x), all.index(mx.Slice(), mx.Slice(0, 96)));
    expectClose(inner.forward(values.x), values.reconstruction_two_groups);
  });

  it.each(["dictionary-learning-standard", "dictionary-learning-standard-april"])(
    "has decoder rows of norm 1 when they are folded: %s",
    (name) => {
      const values = caseValues(name);
      const folded = foldDecoderNorm(loadDictionary(casePath(name)));
      expectClose(folded.encode(values.x), values.feature_acts_normalized_decoder);
      expectClose(folded.forward(values.x), values.reconstruction_normalized_decoder);
    },
  );

  it("is the same with the factor of activations folded in", () => {
    const {
      x,
      factor,
      unfolded_decoded_on_scaled_x: y,
      ...values
    } = caseValues("saelens-standard-folded-norm");
    const dictionary = loadDictionary(casePath("saelens-standard-folded-norm"));
    const scale = Number(factor.item());
    const unfolded = foldActivationNorm(
      dictionary,
      Math.sqrt(dictionary.config.inputWidth) * scale,
    );
    const scaled = mx.multiply(x, scale);
    expectClose(unfolded.encode(scaled), values.unfolded_feature_acts_on_scaled_x);
    expectClose(mx.multiply(unfolded.forward(scaled), 1), mx.multiply(y, 1));
  });
});

describe.runIf(casesAreHere)("transcoders of all layers", () => {
  it.each(["ct-plt-relu", "ct-plt-jumprelu-skip", "ct-plt-topk", "ct-clt-relu", "ct-clt-jumprelu"])(
    "%s",
    (name) => {
      const transcoders = loadTranscoders(casePath(name));
      const { x, feature_acts, reconstruction } = caseValues(name);
      const inputs = [0, 1, 2].map((layer) => x.index(layer));
      const features = inputs.map((input, layer) => {
        const rows = transcoders.encode(layer, input);
        expectClose(rows, feature_acts.index(layer));
        return rows;
      });
      const outputs = transcoders.decode(inputs, features);
      for (const [layer, y] of outputs.entries()) expectClose(y, reconstruction.index(layer));
      expect(transcoders.kind).toBe(name.includes("clt") ? "cross-layer" : "per-layer");
    },
  );
});

/** Tensors of single layers in one for all, as the second Gemma Scope has them; layers before a feature's own get nothing. */
async function stacked(name: string): Promise<string> {
  const layers = [0, 1, 2].map((layer) => ({
    ...readTensors(casePath(name, `W_enc_${layer}.safetensors`)).tensors,
    ...readTensors(casePath(name, `W_dec_${layer}.safetensors`)).tensors,
  }));
  const all = (part: string, change = (array: MxArray, _layer: number) => array) =>
    mx.stack(layers.map((own, layer) => change(own[`${part}_${layer}`], layer)));
  const folder = temporaryFolder();
  await writeTensors(join(folder, "params.safetensors"), {
    ...{ w_enc: all("W_enc", (array) => mx.add(array.transpose(), 0)), b_enc: all("b_enc") },
    ...{ b_dec: all("b_dec"), threshold: all("threshold") },
    w_dec: all("W_dec", (array, layer) => {
      const [features, , width] = array.shape;
      return mx.concatenate([mx.zeros([features, layer, width]), array], 1);
    }),
  });
  return folder;
}

it.runIf(casesAreHere)("reads transcoders across layers of the second Gemma Scope", async () => {
  const name = "ct-clt-jumprelu";
  const transcoders = loadTranscoders(await stacked(name));
  const { x, feature_acts, reconstruction } = caseValues(name);
  const inputs = [0, 1, 2].map((layer) => x.index(layer));
  const features = inputs.map((input, layer) => transcoders.encode(layer, input));
  expectClose(mx.stack(features), feature_acts);
  expectClose(mx.stack(transcoders.decode(inputs, features)), reconstruction);
  expect(transcoders.kind).toBe("cross-layer");
});

describe.runIf(casesAreHere)("a crosscoder", () => {
  it.each(
    ["crosscoder-l1", "crosscoder-batchtopk", "crosscoder-batchtopk-normalized"].flatMap((name) => [
      [name, ""],
      [name, "ae_final.pt"],
      [name, "model.safetensors"],
    ]),
  )("%s/%s", (name, part) => {
    const crosscoder = loadCrosscoder(casePath(name, part));
    const values = caseValues(name);
    const features = crosscoder.encode(values.x);
    expectClose(features, values.feature_acts);
    expectClose(mx.multiply(features, crosscoder.codeScale()), values.scaled_acts);
    expectClose(crosscoder.forward(values.x), values.reconstruction);
    expectClose(crosscoder.decoderNorms(), values.decoder_norms);
    if (!values.feature_acts_batch_topk) return;
    const batch = loadCrosscoder(casePath(name, part), { select: "batchTopK" });
    expectClose(batch.encode(values.x), values.feature_acts_batch_topk);
    expectClose(batch.forward(values.x), values.reconstruction_batch_topk);
  });
});

it.runIf(casesAreHere)("knows the sizes and places that the files tell", () => {
  const { config }: Dictionary = loadDictionary(casePath("saelens-jumprelu-transcoder"));
  expect(config).toMatchObject({
    ...{ kind: "transcoder", inputWidth: 48, features: 192, outputWidth: 40, model: "stories15M" },
    ...{ site: "blocks.3.ln2.hook_normalized", outputSite: "blocks.3.hook_mlp_out" },
  });
  expect(caseFacts("saelens-gated").format).toBe("saelens");
});
