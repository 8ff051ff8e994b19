/** Classifiers and embedding models: what they say, what they refuse, and that they can be saved. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import type { DecoderConfig } from "../decoder/config/config.js";
import { familyOf } from "../families/index.js";
import type { Family } from "../families/shared/family.js";
import type { EmbeddingHead } from "../heads/embedding-head.js";
import { HeadedDecoder } from "../heads/headed-body.js";
import {
  EmbeddingModel,
  listParameters,
  loadModel,
  SequenceClassifier,
  setParameters,
  TokenClassifier,
} from "../index.js";
import { temporaryFolder, writeCheckpoint } from "../test-support/checkpoints.js";
import { maxDifference, readActivations, rows } from "../test-support/reference.js";
import { referenceFolder } from "../test-support/reference-folders.js";

const readJson = (file: string) => JSON.parse(readFileSync(file, "utf8"));

/** A copy of a reference checkpoint with other fields. */
function changed(name: string, fields: object): string {
  const folder = referenceFolder(name);
  const tensors = mx.load(join(folder, "model.safetensors")) as Record<string, MxArray>;
  return writeCheckpoint({ ...readJson(join(folder, "config.json")), ...fields }, tensors);
}

/** A copy of a reference checkpoint with other files of sentence-transformers. */
function withModules(name: string, modules: object[], pooling: object): string {
  const folder = join(temporaryFolder(), "model");
  cpSync(referenceFolder(name), folder, { recursive: true });
  writeFileSync(join(folder, "modules.json"), JSON.stringify(modules));
  mkdirSync(join(folder, "1_Pooling"), { recursive: true });
  writeFileSync(join(folder, "1_Pooling/config.json"), JSON.stringify(pooling));
  return folder;
}

const transformer = { idx: 0, path: "", type: "sentence_transformers.models.Transformer" };
const poolingModule = { idx: 1, path: "1_Pooling", type: "sentence_transformers.models.Pooling" };

describe("a classifier", () => {
  const llama = loadModel(referenceFolder("llama/sequence"), { as: SequenceClassifier });
  const activations = readActivations(referenceFolder("llama/sequence"));
  const ids = rows(activations.input_ids);

  it("says the likeliest label, with the probabilities of transformers' scores", async () => {
    const found = await (await llama).classify(ids);
    const expected = mx.softmax(activations.logits, -1);
    for (const [row, { label, score, scores }] of found.entries()) {
      const own = [...toFlat(expected.index(row))].map(Number);
      expect(Object.keys(scores)).toEqual(["good", "bad", "neither"]);
      expect(Math.abs(score - Math.max(...own))).toBeLessThan(1e-5);
      expect(label).toBe(Object.keys(scores)[own.indexOf(Math.max(...own))]);
    }
  });

  it("reads the last token that is no pad, as transformers looks for it", async () => {
    const model = await llama;
    const padded = [...ids[0], 0, 0]; // the text itself ends with the pad token
    const alone = (await model.run([ids[0]])).get("output");
    expect(maxDifference((await model.run([padded])).get("output"), alone)).toBeLessThan(1e-6);
  });

  it("has the sites of the language model, its own, and axes for all of them", async () => {
    const model = await llama;
    const sites = new Map(model.sites().map(({ site, axes }) => [site, axes]));
    expect(sites.get("layers.1.selfAttn.pattern")).toEqual(["batch", "heads", "query", "key"]);
    expect(sites.get("head.pooled")).toEqual(["batch", "hidden"]);
    expect(sites.get("head.classifier")).toEqual(["batch", "labels"]);
    const cache = await model.run(ids, { save: ["head.pooled", "output"] });
    expect(cache.get("head.pooled").shape).toEqual([2, 32]);
  });

  it("gives a reward model's score as it is", async () => {
    const folder = referenceFolder("llama/sequence");
    const tensors = mx.load(join(folder, "model.safetensors")) as Record<string, MxArray>;
    const score = tensors["score.weight"].index(mx.Slice(0, 1));
    const { id2label, label2id, ...json } = readJson(join(folder, "config.json"));
    const copy = writeCheckpoint({ ...json, num_labels: 1 }, { ...tensors, "score.weight": score });
    const model = await loadModel(copy, { as: SequenceClassifier });
    const [{ label, score: reward }] = await model.classify([ids[0]]);
    expect(label).toBe("LABEL_0");
    expect(Math.abs(reward - Number(activations.logits.index(0, 0).item()))).toBeLessThan(1e-5);
  });

  it("of tokens says what each is, in texts of any length", async () => {
    const model = await loadModel(referenceFolder("bert/token"), { as: TokenClassifier });
    const prompts = [
      [5, 6, 7],
      [8, 9],
    ];
    const found = await model.classify(prompts);
    expect(found.map((tags) => tags.length)).toEqual([3, 2]);
    const [alone] = await model.classify([[8, 9]]);
    expect(alone[1].score).toBeCloseTo(found[1][1].score, 5);
  });

  it("is saved in the layout that it came in", async () => {
    const folder = join(temporaryFolder(), "saved");
    await (await llama).save(folder);
    const again = await loadModel(folder, { as: SequenceClassifier });
    expect(again.labels).toEqual(["good", "bad", "neither"]);
    const { logits } = activations;
    expect(maxDifference((await again.run(ids)).get("output"), logits)).toBeLessThan(1e-5);
  });

  it("is refused as something else, with what it is", async () => {
    const folder = referenceFolder("llama/sequence");
    await expect(loadModel(folder, { as: TokenClassifier })).rejects.toMatchObject({
      ...{ code: "MODEL_KIND", found: "SequenceClassifier" },
    });
    await expect(loadModel(folder)).rejects.toThrow(/score\.weight.*\{ as: SequenceClassifier \}/);
    const plain = loadModel(referenceFolder("llama/base"), { as: SequenceClassifier });
    await expect(plain).rejects.toMatchObject({ code: "MODEL_KIND", found: "LanguageModel" });
    const mamba = loadModel(referenceFolder("mamba/base"), { as: SequenceClassifier });
    await expect(mamba).rejects.toThrow(/No other head can stand on layers of this family/);
  });

  it("is refused with other labels than it has scores for", async () => {
    const folder = changed("llama/sequence", { id2label: { 0: "a", 1: "b" } });
    const loading = loadModel(folder, { as: SequenceClassifier });
    await expect(loading).rejects.toThrow(/id2label is 2.*scores for 3 labels/);
  });
});

describe("an embedding model", () => {
  const qwen = referenceFolder("qwen3/embedding");

  it("makes the vectors of sentence-transformers", async () => {
    const model = await loadModel(qwen, { as: EmbeddingModel });
    const activations = readActivations(qwen);
    const vectors = await model.encode(rows(activations.input_ids));
    for (const [row, vector] of vectors.entries()) {
      const expected = activations.logits.index(row);
      expect(maxDifference(mx.array([...vector]), expected)).toBeLessThan(1e-5);
      expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
    }
  });

  it("knows its prompts by name, and puts none before tokens", async () => {
    const model = await loadModel(qwen, { as: EmbeddingModel });
    expect(model.headConfig.prompts.query).toMatch(/^Instruct/);
    await expect(model.encode([[3]], { prompt: "question" })).rejects.toThrow(/query, document/);
    await expect(model.encode([[3]], { prompt: "query" })).rejects.toThrow(/before texts/);
  });

  it("reads the way of pooling as older files say it", async () => {
    const older = { word_embedding_dimension: 32, pooling_mode_cls_token: false };
    const on = { ...older, pooling_mode_mean_tokens: false, pooling_mode_lasttoken: true };
    const modules = [
      transformer,
      poolingModule,
      { ...poolingModule, path: "2", type: "a.Normalize" },
    ];
    const folder = withModules("qwen3/embedding", modules, on);
    const model = await loadModel(folder, { as: EmbeddingModel });
    const { input_ids, logits } = readActivations(qwen);
    const output = (await model.run(rows(input_ids))).get("output");
    expect(maxDifference(output, logits)).toBeLessThan(1e-5);
  });

  it("is any checkpoint's layers, with the mean of tokens where nothing says another way", async () => {
    for (const name of ["llama/base", "bert/base", "llama/sequence"]) {
      const folder = referenceFolder(name);
      const model = await loadModel(folder, { as: EmbeddingModel });
      expect(model.notes.join()).toMatch(/no modules\.json.*mean/);
      const { input_ids, ...states } = readActivations(folder);
      const mean = mx.mean(states["hidden.2"], 1);
      const output = (await model.run(rows(input_ids))).get("output");
      expect(maxDifference(output, mean)).toBeLessThan(1e-4);
    }
  });

  it("without a head is no language model, and says so", async () => {
    await expect(loadModel(qwen)).rejects.toThrow(/\{ as: EmbeddingModel \}/);
  });

  it("is not saved without its further layers", async () => {
    const model = await loadModel(referenceFolder("bert/embedding"), { as: EmbeddingModel });
    await expect(model.save(join(temporaryFolder(), "x"))).rejects.toThrow(
      /UNSUPPORTED_SAVE|layers/,
    );
  });

  it("of Gemma sees both ways, through windows that files count for both sides together", async () => {
    const folder = referenceFolder("gemma3_text/embedding");
    const json = readJson(join(folder, "config.json"));
    const family = familyOf(json, "config.json") as Family;
    const config = family.describe({ ...json, sliding_window: 512 }, "config.json");
    expect(config.bothWays).toBe(true);
    expect(config.layers.map(({ attention }) => attention.window)).toEqual([257, undefined, 257]);
    await expect(loadModel(folder)).rejects.toMatchObject({ found: "EmbeddingModel" });
  });

  it("sees the whole of a long text, not in blocks that hide what comes after them", async () => {
    const model = await loadModel(referenceFolder("modernbert/embedding"), { as: EmbeddingModel });
    const config = { ...(model.config as DecoderConfig), maxPositions: 200 };
    const long = new HeadedDecoder<EmbeddingHead>(config, model.headConfig);
    setParameters(long, listParameters(model.module));
    const longer = new EmbeddingModel(long, { config, head: model.headConfig });
    const ids = [Array.from({ length: 150 }, (_, index) => 3 + (index % 50))];
    const save = "layers.1.selfAttn"; // which has a window, and so a mask
    const interventions = { "layers.1.selfAttn.scores": (x: MxArray) => x };
    const [fused, plain] = [
      await longer.run(ids, { save }),
      await longer.run(ids, { save, interventions }),
    ];
    expect(maxDifference(fused.get(save), plain.get(save))).toBeLessThan(1e-5);
  });

  it.each([
    [[transformer, { ...poolingModule, type: "x.CNN" }], {}, /CNN/],
    [[transformer], {}, /One must be Pooling/],
    [[transformer, { ...poolingModule, path: "../1" }], {}, /path is "\.\.\/1"/],
    [[transformer, poolingModule], { pooling_mode: "median" }, /pooling_mode is "median"/],
    [[transformer, poolingModule], { pooling_mode_mean_tokens: false }, /No way of pooling/],
    [[transformer, poolingModule], { pooling_mode_other: true }, /pooling_mode_other/],
    [[transformer, poolingModule], { pooling_mode: "mean", include_prompt: false }, /prompts out/],
  ])("is refused where it is something else: %#", async (modules, pooling, message) => {
    const folder = withModules("qwen3/embedding", modules, pooling);
    await expect(loadModel(folder, { as: EmbeddingModel })).rejects.toThrow(message);
  });
});

describe("modules of sentence-transformers that do not fit each other", () => {
  const pooled = { pooling_mode_mean_tokens: true };
  const denseModule = (number: number) => ({ idx: number, path: `${number}_Dense`, type: "sentence_transformers.models.Dense" }); // biome-ignore format: one line
  const normalize = { idx: 4, path: "4_Normalize", type: "sentence_transformers.models.Normalize" };
  const load = (modules: object[]) =>
    loadModel(withModules("bert/embedding", modules, pooled), { as: EmbeddingModel });

  it("are refused: a layer left out, another order, two ways of pooling", async () => {
    const [second, third] = [denseModule(2), denseModule(3)];
    const chain = load([transformer, poolingModule, third, normalize]);
    await expect(chain).rejects.toThrow(/in_features is 24.*has 32 numbers/);
    for (const modules of [
      [transformer, poolingModule, normalize, second, third],
      [transformer, second, third, poolingModule],
      [transformer, poolingModule, poolingModule, second, third],
    ]) {
      await expect(load(modules)).rejects.toThrow(/One Pooling comes first/);
    }
  });

  it("are missed where the file that lists them is gone", async () => {
    const folder = withModules("bert/embedding", [transformer, poolingModule], pooled);
    rmSync(join(folder, "modules.json"));
    const loading = loadModel(folder, { as: EmbeddingModel });
    await expect(loading).rejects.toThrow(/what [1-4]_\w+ is for/);
  });
});
