/** The sizes that the configuration classes of `transformers` have, where a config.json does not say. */

type Fields = Readonly<Record<string, unknown>>;

/** Vocabulary, width, layers, heads, the MLP's width, heads of keys and values where they are not as many as heads. */
type Sizes = readonly [number, number, number, number, mlp?: number, keyHeads?: number];

const mistral: Sizes = [32_000, 4096, 32, 32, 14_336, 8];
const granite: Sizes = [32_000, 4096, 32, 32, 11_008];
const cohere: Sizes = [256_000, 8192, 40, 64, 22_528];
const glm: Sizes = [151_552, 4096, 40, 32, 13_696, 2];
const olmo: Sizes = [50_304, 4096, 32, 32, 11_008];
const qwen: Sizes = [151_936, 4096, 32, 32, 22_016, 32];
const bert: Sizes = [30_522, 768, 12, 12, 3072];

/** Source: `transformers` 5.18; 4.57 has the same, but for the vocabulary of DeepSeek V2. */
const sizes: Readonly<Record<string, Sizes>> = {
  apertus: [131_072, 4096, 32, 32, 14_336],
  arcee: [32_000, 2560, 32, 32, 18_432],
  ...{ bert, camembert: bert, "xlm-roberta": bert, roberta: [50_265, 768, 12, 12, 3072] },
  biogpt: [42_384, 1024, 24, 16, 4096],
  bloom: [250_880, 64, 2, 8],
  codegen: [50_400, 4096, 28, 16],
  ...{ cohere, cohere2: cohere },
  deepseek_v2: [102_400, 4096, 32, 32, 11_008],
  deepseek_v3: [129_280, 7168, 61, 128, 18_432],
  distilbert: [30_522, 768, 6, 12, 3072],
  dots1: [152_064, 4608, 62, 32, 10_944, 32],
  ernie4_5: [103_424, 1024, 18, 16, 3072, 2],
  exaone4: [102_400, 4096, 32, 32, 16_384, 32],
  falcon: [65_024, 4544, 32, 71],
  falcon_h1: [128_000, 4096, 32, 32, 14_336, 8],
  gemma: [256_000, 3072, 28, 16, 24_576, 16],
  gemma2: [256_000, 2304, 26, 8, 9216, 4],
  gemma3_text: [262_208, 2304, 26, 8, 9216, 4],
  gemma4_text: [262_144, 2304, 30, 8, 9216, 4],
  ...{ glm, glm4: glm, glm4_moe: [151_552, 4096, 46, 96, 10_944, 8] },
  ...{ gpt2: [50_257, 768, 12, 12], gpt_bigcode: [50_257, 768, 12, 12] },
  gpt_neo: [50_257, 2048, 24, 16],
  gpt_neox: [50_432, 6144, 44, 64, 24_576],
  gpt_oss: [201_088, 2880, 36, 64, 2880, 8],
  gptj: [50_400, 4096, 28, 16],
  ...{ granite, granitemoe: granite, granitemoeshared: granite, granitemoehybrid: granite },
  helium: [48_000, 2560, 24, 20, 7040, 20],
  hunyuan_v1_dense: [290_943, 4096, 32, 32, 11_008],
  lfm2: [65_536, 2560, 32, 32, 12_288, 8],
  llama: [32_000, 4096, 32, 32, 11_008],
  llama4_text: [202_048, 5120, 48, 40, 8192, 8],
  mamba: [50_280, 768, 32, 0],
  mamba2: [32_768, 4096, 64, 0],
  ...{ mistral, ministral: mistral, mixtral: mistral },
  modernbert: [50_368, 768, 22, 12, 1152],
  nemotron: [256_000, 6144, 32, 48, 24_576],
  ...{ olmo, olmo2: olmo, olmo3: olmo, olmoe: [50_304, 2048, 16, 16, 2048] },
  opt: [50_272, 768, 12, 12],
  persimmon: [262_144, 4096, 36, 64, 16_384],
  phi: [51_200, 2048, 24, 32, 8192],
  phi3: [32_064, 3072, 32, 32, 8192],
  phimoe: [32_064, 4096, 32, 32, 6400, 8],
  ...{ qwen2: qwen, qwen3: qwen },
  qwen2_moe: [151_936, 2048, 24, 16, 5632, 16],
  qwen3_5_moe_text: [248_320, 2048, 40, 16, undefined, 2],
  qwen3_5_text: [248_320, 4096, 32, 16, 12_288, 4],
  qwen3_moe: [151_936, 2048, 24, 32, 6144, 4],
  qwen3_next: [151_936, 2048, 48, 16, 5632, 2],
  recurrent_gemma: [256_000, 2560, 26, 10, 7680],
  seed_oss: [155_136, 4096, 64, 80, 27_648, 8],
  smollm3: [128_256, 2048, 36, 16, 11_008, 4],
  stablelm: [50_304, 2560, 32, 32, 6912, 32],
  starcoder2: [49_152, 3072, 30, 24, 12_288, 2],
};

/** Each size by the names that families have for it, in the order of `Sizes`. */
const names: readonly (readonly string[])[] = [
  ["vocab_size"],
  ["hidden_size", "n_embd"],
  ["num_hidden_layers", "n_layer", "num_layers"],
  ["num_attention_heads", "n_head", "num_heads"],
  ["intermediate_size"],
  ["num_key_value_heads"],
];

/** The sizes of a family's class, under the names that its files have for them. */
export function classSizes(modelType: unknown, shape: object): Fields {
  const known = typeof modelType === "string" && Object.hasOwn(sizes, modelType);
  const values: readonly (number | undefined)[] = known ? sizes[modelType] : [];
  const named = values.flatMap((value, index) => {
    const name = names[index].find((candidate) => candidate in shape);
    return value && name ? [[name, value] as const] : [];
  });
  return Object.fromEntries(named);
}

/** A file with its class's sizes for those that it does not say; null says something. */
export function withClassSizes(json: unknown, shape: object): Fields {
  const given = Object.entries(json ?? {}).filter(([, value]) => value !== undefined);
  const fields: Fields = Object.fromEntries(given);
  return { ...classSizes(fields.model_type, shape), ...fields };
}
