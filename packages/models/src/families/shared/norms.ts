/** The norms of a family, and where they stand in a layer. */
import { z } from "zod";
import type { NormConfig } from "../../decoder/config/config.js";
import { withDefault } from "./config-json.js";
import { type Part, part } from "./part.js";
import type { Block } from "./parts.js";

const epsilonField = (name: string, value: number) => ({
  [name]: withDefault(z.number().positive(), value),
});
const epsilonOf = (config: object, name: string) => Reflect.get(config, name) as number;

/** Llama's norm. */
export function rmsNorm(epsilon: number, rest: Partial<NormConfig> = {}): Part<NormConfig> {
  const name = "rms_norm_eps";
  return part(
    () => epsilonField(name, epsilon),
    (config) => ({
      ...{ kind: "rms", epsilon: epsilonOf(config, name), bias: false },
      ...rest,
    }),
  );
}

/** A norm that subtracts the mean, with a bias unless told otherwise. */
export function layerNorm(name: string, rest: Partial<NormConfig> = {}): Part<NormConfig> {
  return part(
    () => epsilonField(name, 1e-5),
    (config) => ({
      ...{ kind: "layer", epsilon: epsilonOf(config, name), bias: true },
      ...rest,
    }),
  );
}

/** A norm before attention and one before the MLP. */
export const normedReads: Block = { inputNorm: true, postAttentionNorm: true };

/** Attention and MLP read the same, behind one norm. */
export const oneNormForBoth: Block = { inputNorm: true, parallel: true };
