/** Configurations that ask for what cannot be, and files that contradict them: refused by name, before anything is made. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import {
  EncoderDecoderModel,
  ImageTextModel,
  LanguageModel,
  loadModel,
  MaskedLanguageModel,
  type ModelClass,
  RecurrentModel,
  StreamsModel,
  UnsupportedConfigError,
} from "../../index.js";
import { llamaJson, llamaTensors, writeCheckpoint } from "../../test-support/checkpoints.js";
import { maxDifference } from "../../test-support/reference.js";
import { referenceFolder } from "../../test-support/reference-folders.js";

type AnyModel = ModelClass<LanguageModel | RecurrentModel>;
type Fields = Record<string, unknown>;

const jsonOf = (folder: string) =>
  JSON.parse(readFileSync(join(folder, "config.json"), "utf8")) as Fields;
const tensorsOf = (folder: string) =>
  mx.load(join(folder, "model.safetensors")) as Record<string, MxArray>;

/** Loads a checkpoint whose config.json has other values, also of a part of it. */
function load(name: string, as: unknown, change: (json: Fields) => Fields) {
  const folder = referenceFolder(name);
  const changed = writeCheckpoint(change(jsonOf(folder)), tensorsOf(folder));
  return loadModel(changed, { as: as as AnyModel });
}

const inPart = (part: string, change: Fields) => (json: Fields) => ({
  ...json,
  [part]: { ...(json[part] as Fields), ...change },
});
const beside = (change: Fields) => (json: Fields) => ({ ...json, ...change });
const huge = 1e9;

describe("a config.json", () => {
  const counts: [string, unknown, (json: Fields) => Fields, RegExp][] = [
    ["clip/compared", ImageTextModel, inPart("text_config", { num_hidden_layers: huge }), /text_config: num_hidden_layers/], // biome-ignore format: a table
    ["clip/compared", ImageTextModel, inPart("vision_config", { num_hidden_layers: huge }), /vision_config: num_hidden_layers/], // biome-ignore format: a table
    ["t5/written", EncoderDecoderModel, beside({ num_decoder_layers: huge }), /num_decoder_layers/],
    ["gemma3n_text/base", StreamsModel, beside({ altup_num_inputs: huge }), /altup_num_inputs/],
  ];

  it.each(counts)("that counts more than there are tensors is refused: %s", async (...row) => {
    const [name, as, change, field] = row;
    const loading = load(name, as, change);
    await expect(loading).rejects.toThrow(UnsupportedConfigError);
    await expect(loading).rejects.toThrow(field);
  });

  const products = [
    ["qwen3_next/base", "linear_key_head_dim"],
    ["falcon_h1/base", "mamba_d_state"],
  ] as const;

  it.each(products)(
    "whose sizes multiply to what no array can be is refused: %s",
    async (name, field) => {
      const loading = load(name, RecurrentModel, beside({ [field]: huge }));
      await expect(loading).rejects.toThrow(UnsupportedConfigError);
      await expect(loading).rejects.toThrow(field);
    },
  );

  const lists = [
    ["llama/base", LanguageModel],
    ["apertus/base", LanguageModel],
    ["qwen3_5_text/base", RecurrentModel],
  ] as const;

  it.each(lists)("with a list in the place of rope_parameters is refused: %s", async (name, as) => {
    for (const value of [[], [{ rope_type: "default", rope_theta: 10_000 }]]) {
      const loading = load(name, as, beside({ rope_parameters: value }));
      await expect(loading).rejects.toThrow(/rope_parameters is .*object/s);
    }
    const older = load(name, as, beside({ rope_scaling: [], rope_parameters: undefined }));
    await expect(older).rejects.toThrow(UnsupportedConfigError);
  });

  it("with a pad_token_id that is none is refused where positions are counted from it", async () => {
    for (const value of ["", -1, [], 0.5]) {
      const loading = load("camembert/base", MaskedLanguageModel, beside({ pad_token_id: value }));
      await expect(loading).rejects.toThrow(/pad_token_id is/);
    }
  });
});

describe("a weight that files hold once more", () => {
  const tied = { ...llamaJson, tie_word_embeddings: true };
  const { "lm_head.weight": head, ...without } = llamaTensors();
  const embedding = without["model.embed_tokens.weight"];
  const write = (copy: MxArray) => writeCheckpoint(tied, { ...without, "lm_head.weight": copy });
  const outputOf = async (folder: string) =>
    (await (await loadModel(folder)).run([[3, 1, 4]])).get("output");

  it("is left out where it is the same, also in other numbers of bits", async () => {
    const expected = await outputOf(writeCheckpoint(tied, without));
    for (const dtype of [mx.float32, mx.bfloat16]) {
      expect(maxDifference(await outputOf(write(embedding.astype(dtype))), expected)).toBe(0);
    }
  });

  it("is refused where it is another, which one version of transformers uses and one does not", async () => {
    const loading = loadModel(write(head));
    await expect(loading).rejects.toThrow(UnsupportedConfigError);
    await expect(loading).rejects.toThrow(/lm_head.weight is model.embed_tokens.weight once more/);
    const last = embedding.shape[0] - 1;
    const changed = mx.where(mx.equal(mx.arange(0, last + 1, 1, mx.int32), last).reshape([-1, 1]), mx.add(embedding, 0.01), embedding); // biome-ignore format: one array
    await expect(loadModel(write(changed))).rejects.toThrow(/tie_word_embeddings/);
  });

  it("is refused in encoders, too", async () => {
    for (const [name, copy, original] of [
      ["bert/base", "cls.predictions.decoder.weight", "bert.embeddings.word_embeddings.weight"],
      ["bert/base", "cls.predictions.decoder.bias", "cls.predictions.bias"],
      ["camembert/base", "lm_head.decoder.bias", "lm_head.bias"],
    ]) {
      const folder = referenceFolder(name);
      const tensors = tensorsOf(folder);
      const other = { ...tensors, [copy]: mx.add(tensors[original], 1) };
      const loading = loadModel(writeCheckpoint(jsonOf(folder), other), {
        as: MaskedLanguageModel,
      });
      await expect(loading).rejects.toThrow(`${copy} is ${original} once more`);
    }
  });
});
