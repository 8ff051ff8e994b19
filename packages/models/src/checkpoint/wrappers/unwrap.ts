/** Takes the language model out of a wrapper of texts and pictures or sounds. */
import { UnsupportedConfigError } from "../../errors.js";
import type { TensorEntry } from "../files/safetensors-header.js";
import { sameAs, textDefaults, wrappers } from "./wrappers.js";

/** A language model in a wrapper. */
export interface Unwrapped {
  /** Its config.json, as a family reads it. */
  readonly json: Fields;
  /** What tensors of the language model begin with. */
  readonly prefix: RegExp;
  /** Tensors of the other parts. */
  readonly others: RegExp;
  readonly notes: readonly string[];
}

type Fields = Readonly<Record<string, unknown>>;

const prefix = /^(?:model\.language_model\.|language_model\.|model\.text_model\.)/;
const others =
  /^(?:model\.)?(vision_tower|vision_model|visual|image_tower|video_tower|audio_tower|vision_encoder|multi_modal_projector|connector|aligner|image_newline|vision_resampler|vision_embedder|embed_vision|embed_audio)(?=\.|$)/;

/** Text parts on their own have neither. */
const nothing = /^(?!)/;

/** Fields that stand among those of the text in some files, and speak of pictures. */
const ofPictures =
  /^(vision_config|perceiver_config|pixel_shuffle_factor|(image|video|audio|vision|vision_start|vision_end)_token(_id|_index)?)$/;

/**
 * @param file the config.json, for messages
 * @param tensors those of the whole checkpoint
 * @returns undefined for what is no wrapper, nor the text part of one under a name of its own
 * @throws UnsupportedConfigError (`UNSUPPORTED_CONFIG`) for a text part that is none
 */
export function unwrap(
  json: unknown,
  file: string,
  tensors: readonly TensorEntry[],
): Unwrapped | undefined {
  const outer = (json ?? {}) as Fields;
  const { model_type: name } = outer;
  if (typeof name !== "string") return undefined;
  if (Object.hasOwn(sameAs, name)) {
    return { json: completed({}, outer, tensors), prefix: nothing, others: nothing, notes: [] };
  }
  if (!Object.hasOwn(wrappers, name)) return undefined;
  const type = wrappers[name].text;
  const text = textOf(outer, type, file);
  return { json: completed(outer, text, tensors), prefix, others, notes: notesOf(name, tensors) };
}

/** Older files of some have the fields of the text among the wrapper's. */
function textOf(outer: Fields, type: string, file: string): Fields {
  const { text_config: given } = outer;
  if (given === undefined && "hidden_size" in outer) {
    const entries = Object.entries(outer).filter(([field]) => !ofPictures.test(field));
    return { ...Object.fromEntries(entries), model_type: type };
  }
  const isObject = typeof given === "object" && given !== null && !Array.isArray(given);
  if (given !== undefined && !isObject) {
    throw new UnsupportedConfigError(
      "text_config",
      given,
      file,
      "It must hold the fields of the text part.",
    );
  }
  return { model_type: type, ...(given as Fields | undefined) };
}

function completed(outer: Fields, text: Fields, tensors: readonly TensorEntry[]): Fields {
  const type = String(text.model_type);
  const defaults = Object.hasOwn(textDefaults, type) ? textDefaults[type] : {};
  const tied =
    tiedByTensors(tensors) ?? text.tie_word_embeddings ?? outer.tie_word_embeddings ?? undefined;
  const eos = outer.eos_token_id ?? text.eos_token_id;
  const fields = Object.entries(text).filter(([field]) => !ofPictures.test(field));
  return {
    ...(text.rope_parameters ? withoutKey(defaults, "rope_theta") : defaults),
    ...Object.fromEntries(fields.map(([field, value]) => [field, plainRotation(field, value)])),
    model_type: Object.hasOwn(sameAs, type) ? sameAs[type] : type,
    ...(tied !== undefined && { tie_word_embeddings: tied }),
    ...(eos !== undefined && { eos_token_id: eos }),
  };
}

function withoutKey(fields: Fields, key: string): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => name !== key));
}

/** A file without a head shares the embedding's matrix, whatever the two configs say. */
function tiedByTensors(tensors: readonly TensorEntry[]): true | undefined {
  const known = tensors.length === 0 || tensors.some(({ name }) => name.endsWith("lm_head.weight"));
  return known ? undefined : true;
}

/**
 * Rotations by time, height and width are one rotation where all three are the place in the text.
 * Source: Wang et al. 2024, "Qwen2-VL", section 2.1.
 */
function plainRotation(field: string, value: unknown): unknown {
  if (field !== "rope_scaling" && field !== "rope_parameters") return value;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const { mrope_section, mrope_interleaved, ...rest } = value as Fields;
  const plain = Object.entries(rest).map(([key, given]) => [
    key,
    given === "mrope" && mrope_section !== undefined ? "default" : given,
  ]);
  return Object.fromEntries(plain);
}

function notesOf(name: string, tensors: readonly TensorEntry[]): string[] {
  const parts = tensors.flatMap((tensor) => others.exec(tensor.name)?.[1] ?? []);
  const text = `${name} wraps a language model, which alone is here`;
  if (parts.length === 0) return [`${text}; the files hold nothing else.`];
  const named = [...new Set(parts)].join(", ");
  return [
    `${text}: ${parts.length} tensors of ${named} were left out, and prompts are texts only.`,
  ];
}
