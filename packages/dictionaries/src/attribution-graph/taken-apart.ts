/** What MLPs wrote in a prompt, as features that are on and errors. */
import { evaluate, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { TranscoderSet, type Transcoders } from "../transcoders/transcoder-set.js";

/** A feature that is on. */
export interface ActiveFeature {
  readonly layer: number;
  readonly position: number;
  readonly feature: number;
  readonly activation: number;
}

/** By layer. */
export interface TakenApart {
  /** By layer, position and feature. */
  readonly active: readonly ActiveFeature[];
  /** What transcoders get wrong in each layer, (position, hidden); nothing at the first token. */
  readonly errors: readonly MxArray[];
  /** How much of the variance of what each layer writes is predicted, over later tokens; 1 where there is none. */
  readonly explained: readonly number[];
}

/**
 * What MLPs wrote as features and errors. Features of one layer at a time where each layer has its own: there are thousands for every
 * token, and few of them are on.
 */
export async function takenApart(
  transcoders: Transcoders,
  inputs: readonly MxArray[],
  outputs: readonly MxArray[],
): Promise<TakenApart> {
  const later = laterTokens(inputs[0].shape[0]);
  const [active, errors]: [ActiveFeature[], MxArray[]] = [[], []];
  const encoded = (layer: number) => mx.multiply(transcoders.encode(layer, inputs[layer]), later);
  const wrong = (layer: number, y: MxArray) => mx.multiply(mx.subtract(outputs[layer], y), later);
  if (transcoders instanceof TranscoderSet) {
    for (const [layer, x] of inputs.entries()) {
      const features = encoded(layer);
      errors.push(wrong(layer, transcoders.decodeLayer(layer, x, features)));
      await evaluate([features, errors[layer]]);
      addActive(active, features, layer);
    }
  } else {
    const features = inputs.map((_, layer) => encoded(layer));
    const predicted = transcoders.decode(inputs, features);
    errors.push(...predicted.map((y, layer) => wrong(layer, y)));
    features.forEach((array, layer) => {
      addActive(active, array, layer);
    });
  }
  const explained = outputs.map((y, layer) => explainedShare(y, errors[layer]));
  return { active, errors, explained };
}

/** @param y (position, hidden), and its errors, which are nothing at the first token */
function explainedShare(y: MxArray, errors: MxArray): number {
  const later = y.index(mx.Slice(1));
  if (later.shape[0] < 2) return 1;
  const spread = mx.sum(mx.square(mx.subtract(later, mx.mean(later, 0, true))));
  return 1 - Number(mx.divide(mx.sum(mx.square(errors)), spread).item());
}

/** The first token's activations are outliers that are not explained: (position, 1) with nothing there. */
function laterTokens(length: number): MxArray {
  return mx.array(Array.from({ length }, (_, position) => [position === 0 ? 0 : 1]));
}

/** @param features of a layer, (position, features) */
function addActive(active: ActiveFeature[], features: MxArray, layer: number): void {
  const [, count] = features.shape;
  toFlat(features).forEach((activation, at) => {
    if (activation === 0) return;
    active.push({ layer, position: Math.floor(at / count), feature: at % count, activation });
  });
}
