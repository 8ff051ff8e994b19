/** Options of every command that loads a model, and what they mean to `loadModel`. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { LoadOptions } from "@mlxterp/models";
import { UsageError } from "./failure.js";
import { type Option, type OptionValues, text, toggle } from "./options.js";

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

export const modelOptions = {
  model: text("tiny (comes along), a folder, a GGUF file, or a hub id; default tiny", "model"),
  revision: text("branch, tag or commit of a hub model; default main", "name"),
  offline: toggle("use only what was downloaded before"),
  quantize: packing,
  adapter: text("add a LoRA adapter: a folder or a hub id", "adapter"),
} as const;

export type ModelValues = Partial<OptionValues<typeof modelOptions>>;

/** @throws UsageError for a revision of what has none */
export function loadOptionsOf(values: ModelValues, folder: string): LoadOptions {
  const { model = "tiny", revision, offline, quantize, adapter } = values;
  if (revision !== undefined && (model === "tiny" || existsSync(resolve(folder, model)))) {
    throw new UsageError(`--revision is of hub models; ${model} has none.`);
  }
  return {
    ...(revision !== undefined && { revision }),
    ...(offline && { offline }),
    ...(quantize && { quantize }),
    ...(adapter !== undefined && { adapter }),
  };
}
