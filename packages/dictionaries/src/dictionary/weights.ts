/** The arrays of a dictionary, oriented so that rows multiply from the left. */

import { checkReal, InvalidArgumentError, type MxArray } from "@mlxterp/mlx";
import { checkPositiveInteger, checkRecord, checkText } from "@mlxterp/results/errors";
import { DictionaryShapeError } from "../shared/errors.js";
import type { DictionaryConfig } from "./config.js";

export interface DictionaryWeights {
  /** (input, features) */
  readonly encoder: MxArray;
  /** (features); a gated dictionary has none */
  readonly encoderBias?: MxArray;
  /** (features, output): a row is what one feature writes */
  readonly decoder: MxArray;
  /** (output) */
  readonly decoderBias: MxArray;
  /** (features), of jumpRelu */
  readonly threshold?: MxArray;
  /** (features), of gated ones: what decides whether a feature is on */
  readonly gateBias?: MxArray;
  /** (features), of gated ones */
  readonly magnitudeBias?: MxArray;
  /** (features), of gated ones: the logarithm of how much larger magnitudes are than gates */
  readonly magnitudeScale?: MxArray;
  /** (input, output): a linear path round the features */
  readonly skip?: MxArray;
  /** Of temporal ones: layers of attention among features, one after the other. */
  readonly context?: readonly ContextWeights[];
}

/** A layer of attention in the space of features. */
export interface ContextWeights {
  /** (features, keys), as of `key` */
  readonly query: MxArray;
  readonly queryBias: MxArray;
  readonly key: MxArray;
  readonly keyBias: MxArray;
  /** (features, features), as of `output` */
  readonly value: MxArray;
  readonly valueBias: MxArray;
  readonly output: MxArray;
  readonly outputBias: MxArray;
}

type Own = Omit<DictionaryWeights, "context">;

/** Which arrays a kind of activation needs, besides encoder, decoder and its bias. */
const needed: Readonly<Record<string, readonly (keyof Own)[]>> = {
  jumpRelu: ["encoderBias", "threshold"],
  gated: ["gateBias", "magnitudeBias", "magnitudeScale"],
  matchingPursuit: [],
  temporal: [],
};

/** @throws DictionaryShapeError (`DICTIONARY_SHAPE`) */
export function checkWeights(config: DictionaryConfig, weights: DictionaryWeights): void {
  checkRecord("config", config);
  checkRecord("config.activation", config.activation);
  checkRecord("weights", weights);
  const { inputWidth, features, outputWidth, activation } = config;
  for (const [name, size] of Object.entries({ inputWidth, features, outputWidth })) {
    checkPositiveInteger(`config.${name}`, size);
  }
  checkText("config.activation.kind", activation.kind);
  if ("k" in activation) checkCount(activation, features);
  const shapes: Record<keyof Own, readonly number[]> = {
    ...{ encoder: [inputWidth, features], decoder: [features, outputWidth] },
    ...{ decoderBias: [outputWidth], skip: [inputWidth, outputWidth], threshold: [features] },
    ...{ encoderBias: [features], gateBias: [features] },
    ...{ magnitudeBias: [features], magnitudeScale: [features] },
  };
  const wanted = new Set(needed[activation.kind] ?? ["encoderBias"]);
  for (const name of ["encoder", "decoder", "decoderBias"] as const) wanted.add(name);
  for (const [name, shape] of Object.entries(shapes)) {
    const array = weights[name as keyof Own];
    if (array === undefined && !wanted.has(name as keyof Own)) continue;
    checkShape(name, array, shape);
  }
  const heads = activation.kind === "temporal" ? activation.heads : 1;
  for (const layer of weights.context ?? []) checkContext(layer, features, heads);
}

/** `batchTopK` counts on average, so that it need not be whole. */
function checkCount({ kind, k }: { readonly kind: string; readonly k?: number }, features: number) {
  if (k === undefined) return;
  const isCount = kind === "batchTopK" ? Number.isFinite(k) && k > 0 : Number.isInteger(k) && k > 0;
  if (isCount && k <= features) return;
  const rule = `must be a number of features that are on, of ${features} in all, not ${k}.`;
  throw new InvalidArgumentError("config.activation.k", k, rule);
}

/** Keys may be of any width that the heads share evenly. */
function checkContext(layer: ContextWeights, features: number, heads: number): void {
  if (features % heads !== 0) {
    throw new DictionaryShapeError(
      "features of the dictionary",
      [`…, of ${heads} heads`],
      [features],
    );
  }
  const keys = Math.max(heads, heads * Math.floor((layer.keyBias?.size ?? 0) / heads));
  const shapes: Record<keyof ContextWeights, readonly number[]> = {
    ...{ query: [features, keys], queryBias: [keys], key: [features, keys], keyBias: [keys] },
    ...{ value: [features, features], valueBias: [features] },
    ...{ output: [features, features], outputBias: [features] },
  };
  for (const [name, shape] of Object.entries(shapes)) {
    checkShape(`context.${name}`, layer[name as keyof ContextWeights], shape);
  }
}

function checkShape(name: string, array: MxArray | undefined, shape: readonly number[]): void {
  const received = array === undefined ? [] : checkReal(`weights.${name}`, array).shape;
  if (array && received.join() === shape.join()) return;
  throw new DictionaryShapeError(`"${name}" of the dictionary`, shape, received);
}
