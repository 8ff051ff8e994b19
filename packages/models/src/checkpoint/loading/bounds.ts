/**
 * What a configuration may ask for: no more than the tensors that are there can fill. Checked before anything is made of
 * it, since a number of few digits can ask for more layers or rows than any memory holds.
 */
import type { AttentionConfig, DecoderConfig, LayerConfig } from "../../decoder/config/config.js";
import { UnsupportedConfigError } from "../../errors.js";
import type { TensorEntry } from "../files/safetensors-header.js";

/** Fields that count layers, or whole streams: each has tensors of its own. */
const layerCounts = [
  ...["num_hidden_layers", "n_layer", "n_layers", "num_layers", "num_decoder_layers"],
  "altup_num_inputs",
];

/** Parts of a config.json that describe a model each. */
const parts = ["text_config", "vision_config", "text_config_dict", "vision_config_dict"];

/** Fields that are an axis of some tensor. */
const widths = [
  ...["vocab_size", "hidden_size", "n_embd", "n_embed", "d_model", "word_embed_proj_dim"],
  ...["intermediate_size", "n_inner", "ffn_dim", "ffn_hidden_size", "moe_intermediate_size"],
  ...["num_attention_heads", "n_head", "num_heads", "num_key_value_heads", "num_kv_heads"],
  ...["head_dim", "num_experts", "num_local_experts", "n_routed_experts", "n_shared_experts"],
  ...["q_lora_rank", "kv_lora_rank", "qk_rope_head_dim", "qk_nope_head_dim", "v_head_dim"],
  ...["state_size", "time_step_rank", "conv_kernel", "expand", "type_vocab_size", "n_positions"],
];

/** What is there to be filled with. */
interface Supply {
  readonly tensors: number;
  /** More than the numbers of all tensors together, packed or not. */
  readonly numbers: number;
}

/** The most bits that a stored item can hold, and so the most packed numbers. */
const bitsOf: Readonly<Record<string, number>> = { F64: 64, I64: 64, U64: 64, C64: 64 };

function supplyOf(tensors: readonly TensorEntry[]): Supply {
  const items = tensors.map(({ shape, dtype }) =>
    shape.reduce((product, length) => product * length, bitsOf[dtype] ?? 32),
  );
  return { tensors: tensors.length, numbers: items.reduce((sum, count) => sum + count, 0) };
}

/**
 * Checks the fields of a config.json.
 *
 * @throws UnsupportedConfigError (`UNSUPPORTED_CONFIG`) naming the field that asks for more than there is
 */
export function checkFields(json: unknown, file: string, tensors: readonly TensorEntry[]): void {
  const supply = supplyOf(tensors);
  const whole = (json ?? {}) as Fields;
  checkPart(whole, file, supply);
  for (const part of parts) checkPart((whole[part] ?? {}) as Fields, `${file}: ${part}`, supply);
}

type Fields = Readonly<Record<string, unknown>>;

function checkPart(fields: Fields, file: string, supply: Supply): void {
  for (const field of layerCounts) {
    const value = fields[field];
    if (typeof value !== "number" || value <= supply.tensors) continue;
    throw tooMuch(field, value, file, `tensors for at most ${supply.tensors} layers`);
  }
  for (const field of widths) {
    const value = fields[field];
    if (typeof value === "number") checkWidth(field, value, file, supply);
  }
}

/**
 * Checks what a family has made of them: products of widths, and defaults.
 *
 * @throws UnsupportedConfigError (`UNSUPPORTED_CONFIG`)
 */
export function checkDescription(
  config: DecoderConfig,
  file: string,
  tensors: readonly TensorEntry[],
): void {
  const supply = supplyOf(tensors);
  const { vocab, hidden, embeddingWidth = 1, learnedPositions, maxPositions = 1 } = config;
  const outer = { vocab, hidden, embeddingWidth };
  const positions = learnedPositions
    ? { positions: maxPositions + (config.positionOffset ?? 0) }
    : {};
  for (const [name, width] of Object.entries({ ...outer, ...positions })) {
    checkWidth(name, width, file, supply);
  }
  for (const layer of new Set(config.layers)) {
    for (const [name, width] of Object.entries(layerWidths(layer))) {
      checkWidth(name, width, file, supply);
    }
  }
}

function layerWidths({ attention, mlp }: LayerConfig): Record<string, number> {
  const { experts } = mlp;
  return {
    ...headWidths(attention),
    "mlp.hidden": mlp.hidden,
    ...(experts && { experts: experts.count }),
  };
}

function headWidths({ heads, kvHeads, headDim, latent }: AttentionConfig): Record<string, number> {
  const plain = { "heads · headDim": heads * headDim, "kvHeads · headDim": kvHeads * headDim };
  if (!latent) return plain;
  const { keyValueRank, queryRank = 1, valueDim } = latent;
  return { ...plain, keyValueRank, queryRank, "heads · valueDim": heads * valueDim };
}

function checkWidth(name: string, width: number, file: string, { numbers }: Supply): void {
  if (width <= numbers) return;
  throw tooMuch(name, width, file, `room for fewer than ${numbers} numbers`);
}

function tooMuch(field: string, value: number, file: string, there: string) {
  const rule = `The weight files have ${there}: the config describes another model than the files.`;
  return new UnsupportedConfigError(field, value, file, rule);
}
