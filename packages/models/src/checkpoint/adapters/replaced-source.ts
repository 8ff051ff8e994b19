/** Weights of an adapter's file in the place of the base model's: embeddings of a resized vocabulary, biases, whole modules. */
import { type Dtype, dtypeName, type MxArray, mx } from "@mlxterp/mlx";
import { UnsupportedConfigError } from "../../errors.js";
import type { TensorEntry } from "../files/safetensors-header.js";
import type { TensorSource } from "../files/tensor-source.js";
import type { OpenedCheckpoint } from "../opened-checkpoint.js";
import { readExactJson, writeExactJson } from "../saving/exact-json.js";
import type { Adapter } from "./adapter-files.js";

const formats: Readonly<Record<string, string>> = {
  float32: "F32",
  float16: "F16",
  bfloat16: "BF16",
};

/**
 * The checkpoint with an adapter's own tensors in it.
 *
 * @throws UnsupportedConfigError (`UNSUPPORTED_CONFIG`) where two adapters replace the same
 */
export function withReplaced(
  opened: OpenedCheckpoint,
  adapters: readonly Adapter[],
): OpenedCheckpoint {
  const names = opened.files.tensors.map(({ name }) => name);
  const arrays = new Map<string, MxArray>();
  const entries = new Map<string, TensorEntry>();
  for (const { replaced, file } of adapters) {
    for (const [given, array] of replaced) {
      const name = nameOf(given, names);
      if (arrays.has(name)) throw twice(given, file);
      arrays.set(name, array);
      entries.set(name, { name, dtype: formatOf(array.dtype), shape: array.shape, file });
    }
  }
  if (arrays.size === 0) return opened;
  // What is packed in the base and whole in the adapter is whole.
  const packed = new Set(
    [...entries.keys()].flatMap((name) =>
      ["scales", "biases"].map((part) => name.replace(/weight$/, part)),
    ),
  );
  const kept = opened.files.tensors.filter(({ name }) => !entries.has(name) && !packed.has(name));
  const tensors = [...kept, ...entries.values()];
  const source = new ReplacedSource(opened.source, arrays);
  return { ...resized(opened, entries), files: { ...opened.files, tensors }, source };
}

/** Both files name the same module, one of them perhaps from further outside. */
function nameOf(given: string, names: readonly string[]): string {
  if (names.includes(given)) return given;
  const near = names.filter((name) => given.endsWith(`.${name}`) || name.endsWith(`.${given}`));
  return near.length === 1 ? near[0] : given;
}

function formatOf(dtype: Dtype): string {
  return formats[dtypeName(dtype)] ?? dtypeName(dtype);
}

function twice(name: string, file: string): UnsupportedConfigError {
  const rule = "Another adapter replaces the same weight. Load one of them.";
  return new UnsupportedConfigError("adapter", name, file, rule);
}

const embedding = /(^|\.)(embed_tokens|wte|word_embeddings|embed_in|tok_embeddings)\.weight$/;

/** With the vocabulary of the adapter, where tokens were added for it. */
function resized(
  opened: OpenedCheckpoint,
  entries: ReadonlyMap<string, TensorEntry>,
): OpenedCheckpoint {
  const found = [...entries.values()].find(({ name }) => embedding.test(name));
  const json = opened.json as Readonly<Record<string, unknown>>;
  if (!found || json?.vocab_size === undefined || json.vocab_size === found.shape[0]) return opened;
  const size = { vocab_size: found.shape[0] };
  const { configText } = opened;
  const written = configText === undefined ? undefined : resizedText(configText, size);
  return { ...opened, json: { ...json, ...size }, configText: written };
}

function resizedText(text: string, size: { readonly vocab_size: number }): string {
  const config = readExactJson(text);
  const inner = config.text_config as object | undefined;
  const whole = inner && "vocab_size" in inner ? { text_config: { ...inner, ...size } } : size;
  return writeExactJson({ ...config, ...whole });
}

class ReplacedSource implements TensorSource {
  constructor(
    private readonly base: TensorSource,
    private readonly arrays: ReadonlyMap<string, MxArray>,
  ) {}

  take(entry: TensorEntry): MxArray {
    return this.arrays.get(entry.name) ?? this.base.take(entry);
  }

  rows(entry: TensorEntry, from: number, to: number): MxArray {
    const array = this.arrays.get(entry.name);
    if (!array) return this.base.rows(entry, from, to);
    return array.index(mx.Slice(from, to)).astype(mx.float32);
  }

  drop(): void {
    this.base.drop();
  }
}
