/** Checkpoints as others publish and damage them: what is read all the same, and what an error has to say. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { FileAccessError, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import {
  CheckpointNotFoundError,
  CorruptCheckpointError,
  loadModel,
  UnsupportedConfigError,
} from "../../index.js";
import {
  llamaJson,
  llamaTensors,
  temporaryFolder,
  writeCheckpoint,
} from "../../test-support/checkpoints.js";
import { maxDifference } from "../../test-support/reference.js";

const prompt = [3, 1, 4, 1, 5];
const shard = "model-00001-of-00001.safetensors";

const outputOf = async (folder: string) =>
  (await (await loadModel(folder)).run(prompt)).get("output");

/** One shard with an index that names more tensors than it has. */
function writeIndexed(...absent: string[]): string {
  const [whole, folder] = [writeCheckpoint(), temporaryFolder()];
  copyFileSync(join(whole, "config.json"), join(folder, "config.json"));
  copyFileSync(join(whole, "model.safetensors"), join(folder, shard));
  const names = [...Object.keys(llamaTensors()), ...absent];
  const index = { weight_map: Object.fromEntries(names.map((name) => [name, shard])) };
  writeFileSync(join(folder, "model.safetensors.index.json"), JSON.stringify(index));
  return folder;
}

function writeAdapter(files: readonly string[], base?: unknown): string {
  const folder = temporaryFolder();
  const config = { peft_type: "LORA", r: 4, lora_alpha: 8, base_model_name_or_path: base };
  writeFileSync(join(folder, "adapter_config.json"), JSON.stringify(config));
  for (const file of files) writeFileSync(join(folder, file), "");
  return folder;
}

describe("an index that names tensors its shards lack", () => {
  it("is read where no model has a place for them, as files with heads left out are published", async () => {
    const folder = writeIndexed("mtp.fc.weight", "model.layers.7.input_layernorm.weight");
    expect(maxDifference(await outputOf(folder), await outputOf(writeCheckpoint()))).toBe(0);
  });

  it("is damaged where the model needs one", async () => {
    const folder = writeIndexed();
    const { "model.norm.weight": _, ...tensors } = llamaTensors();
    mx.saveSafetensors(join(folder, shard), tensors);
    const loading = loadModel(folder);
    await expect(loading).rejects.toBeInstanceOf(CorruptCheckpointError);
    await expect(loading).rejects.toThrow(/promises "model\.norm\.weight"/);
  });
});

describe("a folder with an adapter", () => {
  it("is no model, and says whose and how it is loaded", async () => {
    const folder = writeAdapter(["adapter_model.safetensors"], "org/base-model");
    const loading = loadModel(folder);
    await expect(loading).rejects.toBeInstanceOf(CheckpointNotFoundError);
    const call = `loadModel("org/base-model", { adapter: ${JSON.stringify(folder)} })`;
    await expect(loading).rejects.toThrow(call);
  });

  it("says so also where the name of its base is none", async () => {
    await expect(loadModel(writeAdapter([], null))).rejects.toThrow(/"its base model", \{ adapter/);
  });

  it("with a pickle that is none names what is wrong with it", async () => {
    const adapter = writeAdapter(["adapter_model.bin"], "org/base-model");
    const loading = loadModel(writeCheckpoint(), { adapter });
    await expect(loading).rejects.toMatchObject({ code: "UNSUPPORTED_FILE" });
    await expect(loading).rejects.toThrow("does not begin as files of torch.save do");
  });

  it("that was trained for another model is told by that model's name", async () => {
    const adapter = writeAdapter([], "org/base-model");
    const name = "base_model.model.model.layers.9.self_attn.q_proj.lora";
    mx.saveSafetensors(join(adapter, "adapter_model.safetensors"), {
      [`${name}_A.weight`]: mx.zeros([4, 32]),
      [`${name}_B.weight`]: mx.zeros([32, 4]),
    });
    const loading = loadModel(writeCheckpoint(), { adapter });
    await expect(loading).rejects.toMatchObject({ code: "UNEXPECTED_WEIGHTS" });
    await expect(loading).rejects.toThrow(/layers\.9.*trained for "org\/base-model"/s);
  });

  it("is not a model's folder", async () => {
    const loading = loadModel(writeCheckpoint(), { adapter: writeCheckpoint() });
    await expect(loading).rejects.toThrow(/holds a model, not an adapter/);
  });
});

describe("shards without an index", () => {
  const shards = (count: number) =>
    Array.from({ length: count }, (_, number) => `model-0000${number + 1}-of-0000${count}`);

  function writeShards(kept = 2): string {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "config.json"), JSON.stringify(llamaJson));
    const tensors = Object.entries(llamaTensors());
    for (const [number, name] of shards(2).entries()) {
      if (number >= kept) continue;
      const own = tensors.filter((_, index) => index % 2 === number);
      mx.saveSafetensors(join(folder, `${name}.safetensors`), Object.fromEntries(own));
    }
    return folder;
  }

  it("are read by their numbers", async () => {
    expect(maxDifference(await outputOf(writeShards()), await outputOf(writeCheckpoint()))).toBe(0);
  });

  it("are told to be incomplete by the number that is missing", async () => {
    const loading = loadModel(writeShards(1));
    await expect(loading).rejects.toMatchObject({ code: "CHECKPOINT_NOT_FOUND" });
    await expect(loading).rejects.toThrow("number 2 of 2 is missing");
  });
});

describe("a checkpoint with another head", () => {
  it("is told to be a classifier, not to have a wrong config", async () => {
    const { "lm_head.weight": _, ...decoder } = llamaTensors();
    const folder = writeCheckpoint(llamaJson, { ...decoder, "score.weight": mx.zeros([3, 32]) });
    const loading = loadModel(folder);
    await expect(loading).rejects.toMatchObject({ code: "UNEXPECTED_WEIGHTS" });
    await expect(loading).rejects.toThrow(/score\.weight is the head of a classifier/);
  });
});

describe("a folder whose weights are in other files", () => {
  it.each([
    [["a.pt", "b.pt"], /several files of torch \(a\.pt, b\.pt\)/],
    [["weights.safetensors"], /There is weights\.safetensors\. Call it model\.safetensors/],
    [["model-q4.gguf"], /There is model-q4\.gguf: give that file/],
    [["tf_model.h5"], /There is tf_model\.h5\. .*must be converted/],
    [["training_args.bin"], /must be converted/],
  ])("names them: %j", async (files, message) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "config.json"), JSON.stringify(llamaJson));
    for (const name of files) writeFileSync(join(folder, name), "");
    await expect(loadModel(folder)).rejects.toThrow(message);
  });
});

describe("a config.json as Python wrote it", () => {
  it.each(["NaN", "Infinity", "-Infinity"])(
    "may have %s where it does not matter",
    async (number) => {
      const folder = writeCheckpoint();
      const fields = JSON.stringify(llamaJson).slice(0, -1);
      const written = `${fields},"initializer_range":${number},"_name_or_path":"a ${number} \\" ${number}"}`;
      writeFileSync(join(folder, "config.json"), written);
      expect(maxDifference(await outputOf(folder), await outputOf(writeCheckpoint()))).toBe(0);
    },
  );

  it("is refused by name where the number matters", async () => {
    const folder = writeCheckpoint();
    const json = JSON.stringify(llamaJson).replace('"rms_norm_eps":0.00001', '"rms_norm_eps":NaN');
    expect(json).toContain("NaN");
    writeFileSync(join(folder, "config.json"), json);
    await expect(loadModel(folder)).rejects.toMatchObject({
      field: "rms_norm_eps",
      message: expect.stringContaining("rms_norm_eps is NaN"), // and not null, as JSON would say
    });
  });

  it("may point at code, which is named in the model's notes and not run", async () => {
    const auto_map = { AutoModelForCausalLM: "modeling_evil.Evil" };
    const model = await loadModel(writeCheckpoint({ ...llamaJson, auto_map }));
    expect(model.notes.join()).toMatch(/auto_map.*not run/);
    expect((await loadModel(writeCheckpoint())).notes).toEqual([]);
  });
});

describe("a config.json that asks for more than the tensors can fill", () => {
  it.each([
    ["num_hidden_layers", 1e6],
    ["num_hidden_layers", 1e9],
    ["vocab_size", 1e12],
    ["head_dim", 1e9],
    ["intermediate_size", 2 ** 40],
    ["num_attention_heads", 2 ** 31],
  ])("is refused before anything is made of %s %d", async (field, value) => {
    const folder = writeCheckpoint({ ...llamaJson, [field]: value });
    const begin = performance.now();
    const loading = loadModel(folder);
    await expect(loading).rejects.toBeInstanceOf(UnsupportedConfigError);
    await expect(loading).rejects.toMatchObject({ field, value });
    await expect(loading).rejects.toThrow(/weight files have/);
    expect(performance.now() - begin).toBeLessThan(5000);
  });

  it("is refused for a product of fields that are each small enough", async () => {
    const widths = { num_attention_heads: 16_384, num_key_value_heads: 16_384, head_dim: 16_384 };
    const loading = loadModel(writeCheckpoint({ ...llamaJson, ...widths }));
    await expect(loading).rejects.toMatchObject({ field: "heads · headDim" });
  });
});

describe("something that is no file, in a file's place", () => {
  const files = ["config.json", "model.safetensors"];

  it.runIf(existsSync("/dev/zero")).each(files)(
    "is not read for ever: %s is /dev/zero",
    async (name) => {
      const folder = writeCheckpoint();
      rmSync(join(folder, name));
      symlinkSync("/dev/zero", join(folder, name));
      await expect(loadModel(folder)).rejects.toBeInstanceOf(FileAccessError);
    },
  );

  it.each(files)("is named: %s is a folder", async (name) => {
    const folder = writeCheckpoint();
    rmSync(join(folder, name));
    mkdirSync(join(folder, name));
    await expect(loadModel(folder)).rejects.toMatchObject({ code: "FILE_ACCESS" });
  });

  it("is named: a config.json nested deeper than any is", async () => {
    const folder = writeCheckpoint();
    writeFileSync(join(folder, "config.json"), "[".repeat(100_000) + "]".repeat(100_000));
    await expect(loadModel(folder)).rejects.toThrow(/nested more than 200 deep/);
  });

  it("counts no bracket that is text, behind whatever quotation marks and backslashes", async () => {
    const folder = writeCheckpoint();
    const config = JSON.parse(readFileSync(join(folder, "config.json"), "utf8")) as object;
    const texts = ["[".repeat(300), '\\"'.repeat(3) + "{".repeat(300), `${"{".repeat(300)}\\`];
    writeFileSync(join(folder, "config.json"), JSON.stringify({ _name_or_path: texts, ...config }));
    expect((await loadModel(folder)).config.layers.length).toBeGreaterThan(0);
  });

  it("is told at once: a string in config.json that has no end but many quotation marks", async () => {
    const folder = writeCheckpoint();
    writeFileSync(join(folder, "config.json"), `{"a": "${'\\"'.repeat(2_000_000)}`);
    const start = performance.now();
    await expect(loadModel(folder)).rejects.toMatchObject({ code: "CORRUPT_CHECKPOINT" });
    expect(performance.now() - start).toBeLessThan(5000);
  });
});
