/** For tests: random dictionaries of every kind, and folders that disappear. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type MxArray, mx } from "@mlxterp/mlx";
import { onTestFinished } from "vitest";
import { completeConfig, type DictionaryConfig } from "../dictionary/config.js";
import { Dictionary } from "../dictionary/dictionary.js";

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "mlxterp-dictionaries-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function normal(shape: readonly number[], seed: number, deviation = 1): MxArray {
  return mx.random.normal(shape, mx.float32, 0, deviation, mx.random.key(seed));
}

/** A dictionary of random numbers with what its kind needs. */
export function randomDictionary(
  parts: Pick<DictionaryConfig, "activation"> & Partial<DictionaryConfig>,
  { seed = 0, skip = false } = {},
): Dictionary {
  const config = completeConfig({ inputWidth: 6, features: 20, format: "mlxterp", ...parts });
  const { inputWidth, features, outputWidth, activation } = config;
  const gated = activation.kind === "gated";
  const vector = (number: number, length = features) => normal([length], seed + number, 0.3);
  return new Dictionary(config, {
    encoder: normal([inputWidth, features], seed + 1),
    decoder: normal([features, outputWidth], seed + 2),
    decoderBias: vector(3, outputWidth),
    ...(gated
      ? { gateBias: vector(4), magnitudeBias: vector(5), magnitudeScale: vector(6) }
      : { encoderBias: vector(7) }),
    ...(activation.kind === "jumpRelu" && { threshold: mx.abs(vector(8)) }),
    ...(skip && { skip: normal([inputWidth, outputWidth], seed + 9) }),
  });
}
