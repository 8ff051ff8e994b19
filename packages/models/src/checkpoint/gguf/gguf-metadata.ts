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
const neutral: Readonly<Record<string, number | string | boolean>> = {
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
};

/** @throws UnsupportedConfigError (`UNSUPPORTED_CONFIG`) naming the first key that is not implemented */
export function refuseUnknown(metadata: GgufMetadata): void {
  for (const [key, value] of Object.entries(neutral)) {
    const found = metadata.value(key) ?? value;
    if (found !== value) metadata.refuse(`${metadata.architecture}.${key}`, found);
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
  const { architecture } = metadata;
  for (const tensor of ["rope_factors_long.weight", "rope_factors_short.weight"]) {
    const shape = metadata.shape(tensor);
    if (shape) metadata.refuse(tensor, shape, "Factors of long contexts are not implemented.");
  }
  const factors = metadata.numbers("rope_freqs.weight");
  const type = metadata.value("rope.scaling.type") ?? "none";
  const factor = metadata.value("rope.scaling.factor");
  if (factors) {
    // Llama 3 files divide each frequency by a number of its own, at any length.
    const same = { short_factor: factors, long_factor: factors };
    return { rope_type: "longrope", ...same, factor: 1, attention_factor: 1 };
  }
  if (type === "none") return undefined;
  if (type === "linear") return { rope_type: "linear", factor };
  return metadata.refuse(`${architecture}.rope.scaling.type`, type, "Supported: none, linear.");
}
