/** The arrays of a dictionary, oriented so that rows multiply from the left. */

import { checkArray, type MxArray } from "@mlxterp/mlx";
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
}

/** Which arrays a kind of activation needs, besides encoder, decoder and its bias. */
const needed: Readonly<Record<string, readonly (keyof DictionaryWeights)[]>> = {
  jumpRelu: ["encoderBias", "threshold"],
  gated: ["gateBias", "magnitudeBias", "magnitudeScale"],
};

/** @throws DictionaryShapeError (`DICTIONARY_SHAPE`) */
export function checkWeights(config: DictionaryConfig, weights: DictionaryWeights): void {
  checkRecord("config", config);
  checkRecord("config.activation", config.activation);
  checkRecord("weights", weights);
  const { inputWidth, features, outputWidth, activation } = config;
  for (const [name, size] of Object.entries({ inputWidth, features, outputWidth })) checkPositiveInteger(`config.${name}`, size); // biome-ignore format: one line
  checkText("config.activation.kind", activation.kind);
  const shapes: Record<keyof DictionaryWeights, readonly number[]> = {
    ...{ encoder: [inputWidth, features], decoder: [features, outputWidth] },
    ...{ decoderBias: [outputWidth], skip: [inputWidth, outputWidth], threshold: [features] },
    ...{ encoderBias: [features], gateBias: [features] },
    ...{ magnitudeBias: [features], magnitudeScale: [features] },
  };
  const wanted = new Set(needed[activation.kind] ?? ["encoderBias"]);
  for (const name of ["encoder", "decoder", "decoderBias"] as const) wanted.add(name);
  for (const [name, shape] of Object.entries(shapes)) {
    const array = weights[name as keyof DictionaryWeights];
    if (array === undefined && !wanted.has(name as keyof DictionaryWeights)) continue;
    const received = array === undefined ? [] : checkArray(`weights.${name}`, array).shape;
    if (array && received.join() === shape.join()) continue;
    throw new DictionaryShapeError(`"${name}" of the dictionary`, shape, received);
  }
}
