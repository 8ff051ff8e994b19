/** Reads the factors of a LoRA adapter from a folder in PEFT's layout. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type MxArray, openTensors } from "@mlxterp/mlx";
import { CheckpointNotFoundError, UnexpectedWeightsError, WeightShapeError } from "../../errors.js";
import { readJsonFile } from "../files/json-file.js";
import { readSafetensorsHeader } from "../files/safetensors-header.js";
import { adapterConfigFile, adapterWeightsFile, readAdapterConfig } from "./adapter-config.js";

/** The change of one module of the base model: `scale · up · down`. */
export interface LowRankChange {
  /** Its path in the base model's file, such as `model.layers.0.self_attn.q_proj`. */
  readonly module: string;
  readonly down: MxArray; // (rank, in)
  readonly up: MxArray; // (out, rank)
  readonly scale: number;
}

/** An adapter, read lazily. */
export interface Adapter {
  readonly file: string;
  readonly changes: readonly LowRankChange[];
}

const factorName = /^(?:base_model\.model\.)?(.*)\.lora_(A|B)(?:\.default)?\.weight$/;

/**
 * @throws CheckpointNotFoundError (`CHECKPOINT_NOT_FOUND`), CorruptCheckpointError (`CORRUPT_CHECKPOINT`),
 * UnsupportedConfigError (`UNSUPPORTED_CONFIG`), UnexpectedWeightsError (`UNEXPECTED_WEIGHTS`) for tensors that are
 * no factor or have no counterpart, WeightShapeError (`WEIGHT_SHAPE`) for factors of different rank
 */
export function readAdapter(folder: string): Adapter {
  const [configFile, file] = [adapterConfigFile, adapterWeightsFile].map((name) =>
    join(folder, name),
  );
  for (const needed of [configFile, file]) {
    if (existsSync(needed)) continue;
    const pickled = existsSync(join(folder, "adapter_model.bin"));
    const wayOut = pickled
      ? "adapter_model.bin is a pickle, which runs code when it is read. Load it with peft and write it with save_pretrained(folder, safe_serialization=True)."
      : "Name a folder that PEFT has written.";
    throw new CheckpointNotFoundError(folder, [needed], wayOut);
  }
  const config = readAdapterConfig(readJsonFile(configFile), configFile);
  const tensors = pairFactors(file);
  const arrays = openTensors(file);
  const changes = [...tensors].map(([module, { A, B }]) => {
    const [down, up] = [arrays[A], arrays[B]];
    const [rank] = down.shape;
    if (up.shape[1] !== rank) throw new WeightShapeError(B, [up.shape[0], rank], up.shape, file);
    return { module, down, up, scale: config.scaleOf(module, rank) };
  });
  return { file, changes };
}

/** The names of both factors, by module. */
function pairFactors(file: string): Map<string, { A: string; B: string }> {
  const pairs = new Map<string, { A?: string; B?: string }>();
  const unexpected: string[] = [];
  for (const { name, shape } of readSafetensorsHeader(file)) {
    const [, module, factor] = factorName.exec(name) ?? [];
    if (module === undefined || shape.length !== 2) unexpected.push(name);
    else pairs.set(module, { ...pairs.get(module), [factor]: name });
  }
  for (const { A, B } of pairs.values()) {
    if (!A || !B) unexpected.push((A ?? B) as string);
  }
  if (unexpected.length > 0) throw new UnexpectedWeightsError(unexpected, file);
  return pairs as Map<string, { A: string; B: string }>;
}
