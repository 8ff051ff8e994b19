/** The metadata of a GGUF file under the names of its architecture, with complaints that name the key. */
import { UnsupportedConfigError } from "../../errors.js";
import { readFileBytes } from "../files/file-bytes.js";
import { decodeNumbers } from "../files/number-formats.js";
import type { GgufHeader } from "./gguf-header.js";
import type { GgufValue } from "./gguf-reader.js";

/** One file, asked about. */
export class GgufMetadata {
  readonly architecture: string;

  constructor(
    readonly header: GgufHeader,
    readonly file: string,
  ) {
    this.architecture = String(header.metadata.get("general.architecture"));
  }

  /** @param key without the architecture; undefined where there is none */
  value(key: string): GgufValue | undefined {
    return this.header.metadata.get(`${this.architecture}.${key}`);
  }

  /** The shape of a tensor; undefined where there is none. */
  shape(tensor: string): readonly number[] | undefined {
    return this.header.tensors.find(({ name }) => name === tensor)?.shape;
  }

  /** @throws UnsupportedConfigError (`UNSUPPORTED_CONFIG`) */
  refuse(key: string, value: unknown, rule = "Not implemented."): never {
    throw new UnsupportedConfigError(key, value, this.file, rule);
  }

  /** A short list of plain numbers. */
  numbers(tensor: string): readonly number[] | undefined {
    const found = this.header.tensors.find(({ name }) => name === tensor);
    if (!found) return undefined;
    const { offset, bytes, type } = found;
    if (type.name !== "F32") return this.refuse(tensor, type.name, "Supported: F32.");
    return [...decodeNumbers(readFileBytes(this.file, offset, bytes), "F32")];
  }
}

/** Metadata that would make it another computation, and the value that changes nothing. */
const neutral = {
  expert_count: 0,
  "attention.max_alibi_bias": 0,
  "attention.causal": true,
  "attention.clamp_kqv": 0,
  attn_logit_softcapping: 0,
  final_logit_softcapping: 0,
  logit_scale: 1,
  residual_scale: 1,
  embedding_scale: 1,
  "attention.scale": 0,
} as const;

/** A key of it. */
export type GgufSetting = keyof typeof neutral;

/**
 * @param read what the architecture computes
 * @throws UnsupportedConfigError (`UNSUPPORTED_CONFIG`) naming the first key that is not implemented
 */
export function refuseUnknown(metadata: GgufMetadata, read: readonly GgufSetting[] = []): void {
  for (const [key, value] of Object.entries(neutral)) {
    const found = metadata.value(key) ?? value;
    const implemented = (read as readonly string[]).includes(key);
    if (found !== value && !implemented) metadata.refuse(`${metadata.architecture}.${key}`, found);
  }
}

/** Rotary positions as `rope_theta` and `rope_scaling` of a config.json. */
export function describeGgufRope(metadata: GgufMetadata): object {
  return {
    rope_theta: metadata.value("rope.freq_base") ?? 10_000,
    rope_scaling: scaling(metadata),
  };
}

function scaling(metadata: GgufMetadata): object | undefined {
  const factors = metadata.numbers("rope_freqs.weight");
  if (factors) {
    // Llama 3 files divide each frequency by a number of its own, at any length.
    const same = { short_factor: factors, long_factor: factors };
    return { rope_type: "longrope", ...same, factor: 1, attention_factor: 1 };
  }
  const long = metadata.numbers("rope_factors_long.weight");
  const short = metadata.numbers("rope_factors_short.weight");
  if (long || short) return longContexts(metadata, short, long);
  const key = "rope.scaling.type";
  const type = metadata.value(key) ?? "none";
  const factor = metadata.value("rope.scaling.factor");
  if (type === "none") return undefined;
  if (type === "linear") return { rope_type: "linear", factor };
  if (type === "yarn") return { rope_type: "yarn", factor, ...yarn(metadata) };
  return metadata.refuse(`${metadata.architecture}.${key}`, type, "Supported: none, linear, yarn.");
}

/** Divisors of frequencies for texts up to the original length, and for longer ones. */
function longContexts(
  metadata: GgufMetadata,
  short_factor: readonly number[] | undefined,
  long_factor: readonly number[] | undefined,
): object {
  if (!short_factor || !long_factor) {
    const missing = `rope_factors_${short_factor ? "long" : "short"}.weight`;
    return metadata.refuse(
      missing,
      undefined,
      "There must be factors for long texts and for short ones.",
    );
  }
  const attention_factor = metadata.value("rope.scaling.attn_factor");
  const original = metadata.value("rope.scaling.original_context_length");
  return {
    ...{ rope_type: "longrope", short_factor, long_factor, attention_factor },
    original_max_position_embeddings: original,
  };
}

/** Settings that files leave out have the values that they have at Hugging Face. */
function yarn(metadata: GgufMetadata): object {
  for (const key of ["attn_factor", "yarn_log_multiplier", "yarn_ext_factor", "yarn_attn_factor"]) {
    const found = metadata.value(`rope.scaling.${key}`);
    if (found !== undefined && found !== 1) {
      metadata.refuse(`${metadata.architecture}.rope.scaling.${key}`, found);
    }
  }
  return {
    original_max_position_embeddings: metadata.value("rope.scaling.original_context_length"),
    beta_fast: metadata.value("rope.scaling.yarn_beta_fast"),
    beta_slow: metadata.value("rope.scaling.yarn_beta_slow"),
  };
}
