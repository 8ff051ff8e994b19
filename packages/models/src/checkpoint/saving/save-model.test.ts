/** Saving: what is loaded, saved and loaded again is the same to the last bit, and a folder is whole or absent. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type MxArray, mx, thisWriter } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import {
  LanguageModel,
  loadModel,
  MaskedLanguageModel,
  type ModelClass,
  RecurrentModel,
  type SaveOptions,
  StreamsModel,
  UnsupportedSaveError,
} from "../../index.js";
import {
  gpt2Json,
  gpt2Tensors,
  llamaJson,
  llamaTensors,
  temporaryFolder,
  writeCheckpoint,
} from "../../test-support/checkpoints.js";
import { smallModel } from "../../test-support/models.js";
import { maxDifference } from "../../test-support/reference.js";
import {
  baseFolders,
  recurrentFolders,
  referenceFolder,
  sweptFolders,
  sweptRecurrentFolders,
} from "../../test-support/reference-folders.js";
import { sweep } from "../../test-support/sweeps.js";
import { writeFolder } from "./atomic-folder.js";

const prompt = [3, 1, 4, 1, 5];
const weightsOf = (folder: string) =>
  mx.load(join(folder, "model.safetensors")) as Record<string, MxArray>;
const jsonOf = (folder: string) =>
  JSON.parse(readFileSync(join(folder, "config.json"), "utf8")) as Record<string, unknown>;

/** The tensors of two folders are the same, by name, shape and bit. */
function expectSameTensors(saved: Record<string, MxArray>, original: Record<string, MxArray>) {
  expect(Object.keys(saved).sort()).toEqual(Object.keys(original).sort());
  for (const [name, array] of Object.entries(original)) {
    expect(saved[name].shape, name).toEqual(array.shape);
    expect(maxDifference(saved[name], array), name).toBe(0);
  }
}

describe("a saved model", () => {
  it("has llama's tensors as they were", async () => {
    const folder = join(temporaryFolder(), "saved");
    const model = await loadModel(writeCheckpoint());
    await model.save(folder);
    expectSameTensors(weightsOf(folder), llamaTensors());
    expect(jsonOf(folder)).toEqual({ ...llamaJson, dtype: "float32" });
  });

  it("has GPT-2's weights fused and transposed again, without its buffers", async () => {
    const folder = join(temporaryFolder(), "saved");
    await (await loadModel(writeCheckpoint(gpt2Json, gpt2Tensors()))).save(folder);
    const weights = Object.entries(gpt2Tensors()).filter(
      ([name]) => !/\.attn\.(masked_)?bias$/.test(name),
    );
    expectSameTensors(weightsOf(folder), Object.fromEntries(weights));
  });

  it("is the same model when it is loaded again", async () => {
    for (const original of [writeCheckpoint(), writeCheckpoint(gpt2Json, gpt2Tensors())]) {
      const folder = join(temporaryFolder(), "saved");
      const model = await loadModel(original);
      await model.save(folder);
      const again = await loadModel(folder);
      const save = "**";
      const [a, b] = [await model.run(prompt, { save }), await again.run(prompt, { save })];
      for (const site of a.keys()) expect(maxDifference(a.get(site), b.get(site))).toBe(0);
    }
  });

  it("is written in the dtype that is asked for, under the name the config has", async () => {
    const folder = join(temporaryFolder(), "saved");
    const model = await loadModel(writeCheckpoint({ ...llamaJson, torch_dtype: "float32" }));
    await model.save(folder, { dtype: "bfloat16" });
    expect(weightsOf(folder)["model.norm.weight"].dtype).toBe(mx.bfloat16);
    expect(jsonOf(folder)).toMatchObject({ torch_dtype: "bfloat16" });
    expect((await loadModel(folder)).config).toEqual(model.config);
  });

  it("is divided into files where it is large, and loads", async () => {
    const folder = join(temporaryFolder(), "saved");
    const model = await loadModel(writeCheckpoint());
    await model.save(folder, { shardBytes: 20_000 });
    const files = readdirSync(folder).filter((name) => name.endsWith(".safetensors"));
    expect(files.length).toBeGreaterThan(2);
    const [a, b] = [await model.run(prompt), await (await loadModel(folder)).run(prompt)];
    expect(maxDifference(a.get("output"), b.get("output"))).toBe(0);
  });

  it("brings the files of its tokenizer along", async () => {
    const folder = join(temporaryFolder(), "saved");
    const model = await loadModel("tiny");
    await model.save(folder);
    const text = "Mary and John went to the store";
    expect((await loadModel(folder)).tokens(text).ids).toEqual(model.tokens(text).ids);
    expect(readdirSync(folder)).not.toContain("abilities.json");
  });

  it("stays packed, for mlx-lm, or is unpacked, for transformers", async () => {
    const root = temporaryFolder();
    const [packed, unpacked] = [join(root, "packed"), join(root, "unpacked")];
    const quantize = {
      bits: 4,
      groupSize: 32,
      overrides: { lmHead: { bits: 8, groupSize: 32 } },
    };
    const model = await loadModel(writeCheckpoint(), { quantize });
    await model.save(packed);
    await model.save(unpacked, { unpacked: true });
    expect(jsonOf(packed).quantization).toEqual({
      bits: 4,
      group_size: 32,
      lm_head: { bits: 8, group_size: 32 },
    });
    expect(jsonOf(unpacked)).not.toHaveProperty("quantization");
    const logits = (await model.run(prompt)).get("output");
    const again = (await (await loadModel(packed)).run(prompt)).get("output");
    expect(maxDifference(again, logits)).toBe(0);
    const full = (await (await loadModel(unpacked)).run(prompt)).get("output");
    expect(maxDifference(full, logits)).toBeLessThan(1e-5);
  });
});

const kinds: Readonly<Record<string, unknown>> = {
  bert: MaskedLanguageModel,
  ...Object.fromEntries(recurrentFolders().map(({ modelType }) => [modelType, RecurrentModel])),
  camembert: MaskedLanguageModel,
  distilbert: MaskedLanguageModel,
  gemma3n_text: StreamsModel,
  modernbert: MaskedLanguageModel,
  roberta: MaskedLanguageModel,
  "xlm-roberta": MaskedLanguageModel,
};

const differing = [...sweptFolders(), ...sweptRecurrentFolders()].map(({ name }) => name);
const swept = sweep(baseFolders, [...differing, "bert", "gemma3n_text"]);

describe("every family's reference checkpoint", () => {
  it.each(swept)("is saved as it was: $name", async ({ modelType, folder: original }) => {
    const folder = join(temporaryFolder(), "saved");
    const as = kinds[modelType] ?? LanguageModel;
    const model = await loadModel(original, { as: as as ModelClass<LanguageModel> });
    await model.save(folder);
    const { "lm_head.weight": head, ...weights } = weightsOf(original);
    const saved = weightsOf(folder);
    const tied = !("lm_head.weight" in saved); // such files may hold the head once more
    expectSameTensors(saved, tied ? weights : { ...weights, "lm_head.weight": head });
  });
});

describe("a saved model with packed weights", () => {
  it("has fused and transposed ones with a row for each output, and loads again", async () => {
    const root = temporaryFolder();
    const quantize = { bits: 8, groupSize: 32 };
    const model = await loadModel(writeCheckpoint(gpt2Json, gpt2Tensors()), { quantize });
    const packed = join(root, "packed");
    await model.save(packed);
    const { "h.0.attn.c_attn.weight": fused } = weightsOf(packed);
    expect(fused.shape).toEqual([96, 8]);
    const [a, b] = [await model.run(prompt), await (await loadModel(packed)).run(prompt)];
    expect(maxDifference(a.get("output"), b.get("output"))).toBe(0);
  });

  it("has the biases of experts that were views of fused ones", async () => {
    const folder = referenceFolder("gpt_oss/base");
    const model = await loadModel(folder, { quantize: { bits: 8, groupSize: 32 } });
    const packed = join(temporaryFolder(), "packed");
    await model.save(packed);
    const [a, b] = [await model.run(prompt), await (await loadModel(packed)).run(prompt)];
    expect(maxDifference(a.get("output"), b.get("output"))).toBe(0);
  });

  it("names the tensor whose layers are packed in different ways", async () => {
    const overrides = { "layers.0.selfAttn.kProj": { bits: 4, groupSize: 32 } };
    const quantize = { bits: 8, groupSize: 32, overrides };
    const model = await loadModel(writeCheckpoint(gpt2Json, gpt2Tensors()), { quantize });
    const saving = model.save(join(temporaryFolder(), "saved"));
    await expect(saving).rejects.toThrow(/c_attn.*unpacked: true/);
  });
});

describe("saving", () => {
  it("refuses options that do not exist", async () => {
    const saving = smallModel().save("saved", { overwritten: true } as SaveOptions);
    await expect(saving).rejects.toThrow(/save: overwritten: .*overwrite/);
  });

  it("refuses a model that was not loaded", async () => {
    const saving = smallModel().save(join(temporaryFolder(), "saved"));
    await expect(saving).rejects.toBeInstanceOf(UnsupportedSaveError);
  });

  it("refuses a folder with files in it, unless it may be replaced", async () => {
    const folder = writeCheckpoint();
    writeFileSync(join(folder, "notes.txt"), "mine");
    const model = await loadModel(writeCheckpoint());
    await expect(model.save(folder)).rejects.toThrow(/overwrite/);
    expect(existsSync(join(folder, "notes.txt"))).toBe(true);
    await model.save(folder, { overwrite: true });
    expect(readdirSync(folder).sort()).toEqual(["config.json", "model.safetensors"]);
  });

  it("can replace the folder that the model was loaded from", async () => {
    const folder = writeCheckpoint();
    const model = await loadModel(folder);
    await model.save(folder, { overwrite: true });
    expectSameTensors(weightsOf(folder), llamaTensors());
  });

  it("leaves nothing behind when it fails, and keeps what was there", async () => {
    const folder = join(temporaryFolder(), "saved");
    mkdirSync(folder);
    writeFileSync(join(folder, "old"), "old");
    const failing = writeFolder(folder, true, async (temporary) => {
      writeFileSync(join(temporary, "half"), "half");
      throw new Error("disk full");
    });
    await expect(failing).rejects.toThrow("disk full");
    expect(readdirSync(dirname(folder))).toEqual(["saved"]);
    expect(readdirSync(folder)).toEqual(["old"]);
  });
});

describe("a folder that is replaced", () => {
  const gone = `${thisWriter().host}-${spawnSync(process.execPath, ["-e", ""]).pid}`;

  it("by a process that was killed comes back, and its debris goes", async () => {
    const place = temporaryFolder();
    const model = await loadModel(writeCheckpoint());
    mkdirSync(join(place, `.incomplete-${gone}-0-m`));
    mkdirSync(join(place, `.incomplete-${gone}-1-m.replaced`));
    writeFileSync(join(place, `.incomplete-${gone}-1-m.replaced`, "precious"), "mine");
    await expect(model.save(join(place, "m"))).rejects.toMatchObject({
      code: "UNSUPPORTED_SAVE",
    });
    expect(readdirSync(place)).toEqual(["m"]);
    expect(readdirSync(join(place, "m"))).toEqual(["precious"]);
    await model.save(join(place, "m"), { overwrite: true });
    expect(readdirSync(place)).toEqual(["m"]);
  });

  it("by two at once is one of both, whole", async () => {
    const place = temporaryFolder();
    const model = await loadModel(writeCheckpoint());
    const folder = join(place, "m");
    await Promise.allSettled([1, 2].map(() => model.save(folder, { overwrite: true })));
    expect(readdirSync(place)).toEqual(["m"]);
    await loadModel(folder);
  });

  it("cannot be where a file stands", async () => {
    const place = temporaryFolder();
    writeFileSync(join(place, "file"), "mine");
    const model = await loadModel(writeCheckpoint());
    for (const folder of [join(place, "file"), join(place, "file", "m")]) {
      await expect(model.save(folder)).rejects.toMatchObject({ code: "FILE_ACCESS" });
    }
    expect(readdirSync(place)).toEqual(["file"]);
  });
});
