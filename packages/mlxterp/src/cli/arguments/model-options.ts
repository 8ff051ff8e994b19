/** Options of every command that loads a model, and what they mean to `loadModel`. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { LoadOptions, WeightedAdapter } from "@mlxterp/models";
import { UsageError } from "./failure.js";
import { type Option, type OptionValues, text, texts, toggle } from "./options.js";

export interface Quantization {
  readonly bits: number;
  readonly groupSize?: number;
}

const packing: Option<Quantization | undefined> = {
  ...text("pack the weights while loading: 2, 4 or 8 bits, such as 4 or 8:32 with groups of 32", "bits"), // biome-ignore format: one option
  read: ([given], name) => (given === undefined ? undefined : parseQuantization(given, name)),
};

function parseQuantization(given: string, name: string): Quantization {
  const [, bits, groupSize] = /^(2|4|8)(?::(32|64|128))?$/.exec(given.trim()) ?? [];
  if (bits) return { bits: Number(bits), ...(groupSize && { groupSize: Number(groupSize) }) };
  throw new UsageError(
    `--${name} takes 2, 4 or 8 bits, perhaps with groups of 32, 64 or 128 (4:32), not "${given}".`,
  );
}

/** Several, each with how much of it. */
const adapters: Option<readonly WeightedAdapter[]> = {
  ...texts("add a LoRA adapter: a folder or a hub id, perhaps times a weight ('folder * 0.5'); again for more", "adapter"), // biome-ignore format: one option
  read: (given, name) => given.map((text) => parseAdapter(text, name)),
};

/** @throws UsageError for a weight that is no number */
function parseAdapter(given: string, name: string): WeightedAdapter {
  const [, source, written] = /^(.*\S)\s*\*\s*(\S*)$/s.exec(given.trim()) ?? [];
  if (source === undefined) return { source: given };
  const weight = written === "" ? Number.NaN : Number(written);
  if (Number.isFinite(weight)) return { source, weight };
  throw new UsageError(
    `--${name} takes an adapter, perhaps times a number ('folder * 0.5'), not "${given}".`,
  );
}

export const modelOptions = {
  model: text("tiny (comes along), a folder, a GGUF file, or a hub id; default tiny", "model"),
  revision: text("branch, tag or commit of a hub model; default main", "name"),
  offline: toggle("use only what was downloaded before"),
  quantize: packing,
  adapter: adapters,
} as const;

export type ModelValues = Partial<OptionValues<typeof modelOptions>>;

/** @throws UsageError for a revision of what has none */
export function loadOptionsOf(values: ModelValues, folder: string): LoadOptions {
  const { model = "tiny", revision, offline, quantize, adapter = [] } = values;
  if (revision !== undefined && (model === "tiny" || existsSync(resolve(folder, model)))) {
    throw new UsageError(`--revision is of hub models; ${model} has none.`);
  }
  return {
    ...(revision !== undefined && { revision }),
    ...(offline && { offline }),
    ...(quantize && { quantize }),
    ...(adapter.length > 0 && { adapter: adapter.map((one) => located(one, folder)) }),
  };
}

/** With a source that is a folder relative to the current one as its path, where the process stands elsewhere. */
function located(adapter: WeightedAdapter, folder: string): WeightedAdapter {
  return { ...adapter, source: sourceFrom(adapter.source, folder) };
}

/** The source as given, which is how results name the model; its full path only where the process stands elsewhere. */
export function sourceFrom(name: string, folder: string): string {
  const path = resolve(folder, name);
  return name !== "tiny" && path !== resolve(name) && existsSync(path) ? path : name;
}
