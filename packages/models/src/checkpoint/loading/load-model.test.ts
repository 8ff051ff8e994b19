/** Loading: what works, and a typed error for everything that can be wrong with a checkpoint. */
import {
  closeSync,
  copyFileSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { InvalidPromptError, TokenRangeError } from "@mlxterp/core";
import { InvalidArgumentError, type MxArray, mx, UnsupportedDtypeError } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import {
  CheckpointNotFoundError,
  CorruptCheckpointError,
  type LoadOptions,
  loadModel,
  MissingWeightsError,
  UnexpectedWeightsError,
  UnknownModelTypeError,
  UnsupportedConfigError,
  WeightShapeError,
} from "../../index.js";
import {
  gpt2Json,
  gpt2Tensors,
  llamaJson,
  llamaTensors,
  temporaryFolder,
  writeCheckpoint,
} from "../../test-support/checkpoints.js";
import { maxDifference } from "../../test-support/reference.js";

const prompt = [3, 1, 4, 1, 5];

async function logitsOf(folder: string): Promise<MxArray> {
  return (await (await loadModel(folder)).run(prompt)).get("output");
}

/** Puts zeros in the place of a tensor's numbers, in the same file. */
function overwriteTensor(file: string, name: string): void {
  const bytes = readFileSync(file);
  const length = Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.toString("utf8", 8, 8 + length));
  const [begin, end] = header[name].data_offsets;
  const descriptor = openSync(file, "r+");
  writeSync(descriptor, new Uint8Array(end - begin), 0, end - begin, 8 + length + begin);
  closeSync(descriptor);
}

async function failure(loading: Promise<unknown>): Promise<unknown> {
  return loading.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** The tensors spread over two files with an index. */
function writeSharded(): string {
  const folder = temporaryFolder();
  const entries = Object.entries(llamaTensors());
  const shards = {
    "model-00001-of-00002.safetensors": entries.slice(0, 9),
    "model-00002-of-00002.safetensors": entries.slice(9),
  };
  const map = Object.entries(shards).flatMap(([shard, part]) => {
    mx.saveSafetensors(join(folder, shard), Object.fromEntries(part));
    return part.map(([name]) => [name, shard]);
  });
  const index = { metadata: {}, weight_map: Object.fromEntries(map) };
  writeFileSync(join(folder, "model.safetensors.index.json"), JSON.stringify(index));
  writeFileSync(join(folder, "config.json"), JSON.stringify(llamaJson));
  return folder;
}

describe("loading a folder", () => {
  it("gives the same model from one file and from shards", async () => {
    const [whole, sharded] = [await logitsOf(writeCheckpoint()), await logitsOf(writeSharded())];
    expect(maxDifference(whole, sharded)).toBe(0);
  });

  it("computes half-precision files in float32", async () => {
    const half = Object.entries(llamaTensors()).map(([name, x]) => [name, x.astype(mx.bfloat16)]);
    const model = await loadModel(writeCheckpoint(llamaJson, Object.fromEntries(half)));
    expect(model.module.layers[0].mlp.upProj.weight.dtype).toBe(mx.float32);
    const expected = llamaTensors()["model.norm.weight"].astype(mx.bfloat16).astype(mx.float32);
    expect(maxDifference(model.module.finalNorm!.weight!, expected)).toBe(0);
  });

  it("takes GPT-2's bare names, fused and transposed weights, and leaves its buffers", async () => {
    const tensors = gpt2Tensors();
    const { module } = await loadModel(writeCheckpoint(gpt2Json, tensors));
    const fused = tensors["h.1.attn.c_attn.weight"]; // (in, 3 · out)
    const { qProj, kProj, vProj } = module.layers[1].selfAttn;
    for (const [part, linear] of [qProj, kProj, vProj].entries()) {
      const expected = fused.index(mx.Slice(), mx.Slice(32 * part, 32 * (part + 1))).T;
      expect(maxDifference(linear.weight, expected)).toBe(0);
    }
    const down = tensors["h.0.mlp.c_proj.weight"].T;
    expect(maxDifference(module.layers[0].mlp.downProj.weight, down)).toBe(0);
  });

  it("gives the same model with and without the names' beginning", async () => {
    const bare = await logitsOf(writeCheckpoint(gpt2Json, gpt2Tensors()));
    const named = Object.entries(gpt2Tensors()).map(([name, x]) => [`transformer.${name}`, x]);
    const prefixed = await logitsOf(writeCheckpoint(gpt2Json, Object.fromEntries(named)));
    expect(maxDifference(bare, prefixed)).toBe(0);
  });

  it("may be read when it is first computed with, and is not read before", async () => {
    const folder = writeCheckpoint();
    const file = join(folder, "model.safetensors");
    const lazy = await loadModel(folder, { lazy: true });
    const eager = await loadModel(folder);
    const save = ["layers.0", "layers.1"];
    const before = await lazy.run(prompt, { save: ["layers.0"] });
    overwriteTensor(file, "model.layers.1.mlp.down_proj.weight");
    overwriteTensor(file, "model.layers.0.mlp.down_proj.weight");
    const [a, b] = [await lazy.run(prompt, { save }), await eager.run(prompt, { save })];
    expect(maxDifference(before.get("layers.0"), b.get("layers.0"))).toBe(0);
    expect(maxDifference(a.get("layers.0"), b.get("layers.0"))).toBe(0);
    expect(maxDifference(a.get("layers.1"), b.get("layers.1"))).toBeGreaterThan(0.1);
  });

  it("knows its limits and where texts end", async () => {
    const model = await loadModel(writeCheckpoint());
    expect(model.eosTokens).toEqual([2]);
    expect(() => model.tokens([[1, 19]])).toThrow(TokenRangeError);
    expect(() => model.tokens(new Array(25).fill(1))).toThrow(InvalidPromptError);
    expect(() => model.tokens([[]])).toThrow(InvalidPromptError);
    expect(() => model.tokens("words")).toThrow(/no tokenizer/);
  });
});

describe("loading something that is not there", () => {
  it("names the folder", async () => {
    const folder = join(temporaryFolder(), "absent");
    const error = await failure(loadModel(folder));
    expect(error).toBeInstanceOf(CheckpointNotFoundError);
    expect((error as CheckpointNotFoundError).message).toContain(folder);
  });

  for (const file of ["config.json", "model.safetensors"]) {
    it(`names a missing ${file}`, async () => {
      const folder = writeCheckpoint();
      rmSync(join(folder, file));
      const error = await failure(loadModel(folder));
      expect(error).toBeInstanceOf(CheckpointNotFoundError);
      expect((error as CheckpointNotFoundError).looked.join()).toContain(file);
    });
  }

  it("names a missing shard", async () => {
    const folder = writeSharded();
    rmSync(join(folder, "model-00002-of-00002.safetensors"));
    const error = await failure(loadModel(folder));
    expect(error).toBeInstanceOf(CheckpointNotFoundError);
    expect((error as CheckpointNotFoundError).message).toContain("model-00002-of-00002");
  });
});

describe("loading a damaged file", () => {
  const damaged: [string, RegExp, (folder: string) => void][] = [
    [
      "a config that is not JSON",
      /config\.json.*not JSON/,
      (folder) => writeFileSync(join(folder, "config.json"), '{"model_type": '),
    ],
    [
      "an empty weights file",
      /only 0 bytes/,
      (folder) => writeFileSync(join(folder, "model.safetensors"), ""),
    ],
    [
      "a Git LFS pointer",
      /Git LFS/,
      (folder) =>
        writeFileSync(
          join(folder, "model.safetensors"),
          "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
        ),
    ],
    [
      "weights of another format",
      /header claims/,
      (folder) =>
        writeFileSync(
          join(folder, "model.safetensors"),
          "PK\u0003\u0004 this is a zip archive of pickles",
        ),
    ],
    [
      "truncated weights",
      /ends 7 bytes early/,
      (folder) => shorten(join(folder, "model.safetensors"), 7),
    ],
    [
      "a header cut in the middle",
      /header claims/,
      (folder) => truncateSync(join(folder, "model.safetensors"), 200),
    ],
    [
      "bytes after the weights",
      /belong to no tensor/,
      (folder) => writeFileSync(join(folder, "model.safetensors"), "x", { flag: "a" }),
    ],
    [
      "a broken header",
      /not a JSON object/,
      (folder) => overwrite(join(folder, "model.safetensors"), 8, "]"),
    ],
  ];

  for (const [name, message, damage] of damaged) {
    it(`tells ${name}`, async () => {
      const folder = writeCheckpoint();
      damage(folder);
      const error = await failure(loadModel(folder));
      expect(error).toBeInstanceOf(CorruptCheckpointError);
      expect((error as Error).message).toMatch(message);
    });
  }

  it("tells an index that promises what a shard lacks", async () => {
    const folder = writeSharded();
    const [first, second] = [
      "model-00001-of-00002.safetensors",
      "model-00002-of-00002.safetensors",
    ];
    copyFileSync(join(folder, second), join(folder, first));
    await expect(loadModel(folder)).rejects.toThrow(/promises "model\.embed_tokens\.weight"/);
  });

  it("tells an index that leads out of the folder", async () => {
    const folder = writeSharded();
    const index = { weight_map: { "model.norm.weight": "../elsewhere.safetensors" } };
    writeFileSync(join(folder, "model.safetensors.index.json"), JSON.stringify(index));
    await expect(loadModel(folder)).rejects.toThrow(CorruptCheckpointError);
  });
});

describe("loading weights that do not fit", () => {
  it("names the weights that are missing", async () => {
    const { "model.layers.1.mlp.up_proj.weight": _, ...tensors } = llamaTensors();
    const error = await failure(loadModel(writeCheckpoint(llamaJson, tensors)));
    expect(error).toBeInstanceOf(MissingWeightsError);
    expect((error as MissingWeightsError).weights).toEqual(["layers.1.mlp.upProj.weight"]);
  });

  it("names the weights that have no place", async () => {
    const extra = "model.layers.0.self_attn.q_proj.bias";
    const tensors = { ...llamaTensors(), [extra]: mx.zeros([32]) };
    const error = await failure(loadModel(writeCheckpoint(llamaJson, tensors)));
    expect(error).toBeInstanceOf(UnexpectedWeightsError);
    expect((error as UnexpectedWeightsError).weights).toEqual([extra]);
  });

  it("names a layer too many", async () => {
    const extra = "model.layers.2.input_layernorm.weight";
    const tensors = { ...llamaTensors(), [extra]: mx.zeros([32]) };
    await expect(loadModel(writeCheckpoint(llamaJson, tensors))).rejects.toThrow(extra);
  });

  it("names both shapes of a weight", async () => {
    const tensors = { ...llamaTensors(), "model.norm.weight": mx.zeros([33]) };
    const error = await failure(loadModel(writeCheckpoint(llamaJson, tensors)));
    expect(error).toBeInstanceOf(WeightShapeError);
    expect(error).toMatchObject({ weight: "model.norm.weight", expected: [32], received: [33] });
  });

  it("names the stored shape of a fused weight", async () => {
    const tensors = { ...gpt2Tensors(), "h.0.attn.c_attn.weight": mx.zeros([96, 32]) };
    const error = await failure(loadModel(writeCheckpoint(gpt2Json, tensors)));
    expect(error).toMatchObject({ code: "WEIGHT_SHAPE", expected: [32, 96], received: [96, 32] });
  });

  it("lesson: two shapes alone did not say which field of the config is wrong", async () => {
    const { num_key_value_heads: _, ...silent } = { ...llamaJson, sliding_window: null };
    const eight = { num_attention_heads: 8, head_dim: 4, model_type: "mistral" };
    await expect(loadModel(writeCheckpoint({ ...silent, ...eight }))).rejects.toMatchObject({
      code: "WEIGHT_SHAPE",
      message: expect.stringMatching(
        /k_proj.*head_dim = 4; num_key_value_heads, which it leaves out: its class has 8/,
      ),
    });
    const wider = { ...llamaJson, intermediate_size: 40 };
    await expect(loadModel(writeCheckpoint(wider))).rejects.toThrow(/intermediate_size = 40/);
  });

  it.each([
    ["num_key_value_heads", { num_key_value_heads: 3 }, /4 heads cannot share 3/],
    [
      "num_key_value_heads",
      { num_key_value_heads: undefined, model_type: "mistral", sliding_window: null },
      /its class has 8/,
    ],
    ["head_dim", { head_dim: 5 }, /rope.dims: 5 must be even/],
    [
      "rope_scaling",
      { rope_scaling: { rope_type: "longrope", short_factor: [1], long_factor: [1] } },
      /longrope needs 4 factors/,
    ],
  ])(
    "lesson: what a config contradicts itself in was told of a DecoderConfig: %s",
    async (field, change, message) => {
      const { num_key_value_heads: _, ...rest } = llamaJson;
      const json = "num_key_value_heads" in change ? rest : llamaJson;
      const loading = loadModel(writeCheckpoint({ ...json, ...change }));
      await expect(loading).rejects.toMatchObject({ code: "UNSUPPORTED_CONFIG", field });
      await expect(loading).rejects.toThrow(message);
    },
  );

  it("refuses weights that are whole numbers", async () => {
    const tensors = { ...llamaTensors(), "model.norm.weight": mx.zeros([32], mx.int32) };
    const error = await failure(loadModel(writeCheckpoint(llamaJson, tensors)));
    expect(error).toBeInstanceOf(UnsupportedDtypeError);
  });
});

describe("loading a config that is not implemented", () => {
  it("lists the families for an unknown model_type", async () => {
    const folder = writeCheckpoint({ ...llamaJson, model_type: "lama" });
    const error = await failure(loadModel(folder));
    expect(error).toBeInstanceOf(UnknownModelTypeError);
    expect((error as Error).message).toMatch(/"lama".*gpt2.* llama/);
  });

  it("names field, value and file", async () => {
    const folder = writeCheckpoint({ ...llamaJson, hidden_act: "mish" });
    const error = await failure(loadModel(folder));
    expect(error).toBeInstanceOf(UnsupportedConfigError);
    expect(error).toMatchObject({ field: "hidden_act", value: "mish" });
    expect((error as UnsupportedConfigError).file).toBe(join(folder, "config.json"));
  });

  it("refuses a config that is a list", async () => {
    const folder = writeCheckpoint();
    writeFileSync(join(folder, "config.json"), "[]");
    await expect(loadModel(folder)).rejects.toThrow(UnknownModelTypeError);
  });
});

function shorten(file: string, bytes: number): void {
  truncateSync(file, readFileSync(file).length - bytes);
}

function overwrite(file: string, position: number, text: string): void {
  const bytes = readFileSync(file);
  bytes.write(text, position);
  writeFileSync(file, bytes);
}

describe("an argument that is none", () => {
  it.each([{ quantise: { bits: 8 } }, { quantize: { group_size: 32 } }])(
    "is refused, where it would otherwise change nothing: %o",
    async (options) => {
      const loading = loadModel("tiny", options as LoadOptions);
      await expect(loading).rejects.toThrow(
        /there is no such option\..* Options are .*quantize|groupSize/,
      );
    },
  );

  it.each<[string, unknown]>([
    ["as", "LanguageModel"],
    ["dtype", "float99"],
    ["quantize", 4],
    ["adapter", 5],
    ["lazy", "yes"],
    ["offline", 1],
    ["revision", 3],
    ["onProgress", "log"],
    ["silence", "long"],
  ])("is refused as the value of %s: %j", async (name, value) => {
    const error = await failure(loadModel("tiny", { [name]: value } as LoadOptions));
    expect(error).toBeInstanceOf(InvalidArgumentError);
    expect((error as Error).message).toContain(name);
  });

  it("is refused as a source, before it is looked for on the hub", async () => {
    const loading = loadModel(undefined as unknown as string);
    await expect(loading).rejects.toBeInstanceOf(InvalidArgumentError);
  });
});
