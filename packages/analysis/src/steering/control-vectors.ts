/** Steering vectors as control vectors, the form in which repeng and llama.cpp keep them, and back. */
import { InvalidArgumentError } from "@mlxterp/mlx";
import {
  brief,
  checkFinite,
  checkNumbers,
  checkRecord,
  checkWholeNumber,
  isMap,
} from "@mlxterp/results/errors";
import { checkVectors, type SteeringVector } from "./steering-vectors.js";

/** By the layer's number what is added to its output, as `readControlVector` gives and `writeControlVector` takes it. */
export interface ControlDirections {
  readonly directions: ReadonlyMap<number, ArrayLike<number>>;
}

/**
 * Vectors as what is added at a strength, for `writeControlVector`. Files of control vectors have none for layer 0, which is left out.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) where nothing is left
 * @example
 * const vectors = await steeringVectors(model, { clean: ["Mary and"], corrupted: ["John and"] });
 * writeControlVector("names.gguf", toControlVector(vectors, 0.5));
 * fromControlVector(readControlVector("names.gguf")).map(({ layer }) => layer); // [1, 2, 3]
 */
export function toControlVector(
  vectors: readonly SteeringVector[],
  strength = 1,
): { readonly directions: ReadonlyMap<number, Float32Array> } {
  checkVectors(vectors);
  checkFinite("strength", strength);
  const used = vectors.filter(({ layer }) => layer > 0);
  if (used.length === 0) {
    throw new InvalidArgumentError("vectors", vectors.length, "need a layer from 1 on: control vectors have none for layer 0."); // biome-ignore format: one line
  }
  const directions = used.map(({ layer, direction, length }) => {
    return [layer, Float32Array.from(direction, (one) => one * length * strength)] as const;
  });
  return { directions: new Map(directions) };
}

/**
 * A control vector as steering vectors: a strength of 1 adds what the file holds.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for a direction of zeros
 * @example
 * const control = { directions: new Map([[2, new Float32Array(128).fill(0.1)]]) };
 * const interventions = steeringInterventions(fromControlVector(control), { strength: 1.5 });
 */
export function fromControlVector(control: ControlDirections): SteeringVector[] {
  checkRecord("control", control);
  const { directions } = control;
  if (!isMap(directions)) {
    const rule = `must be a Map from layers to numbers, not ${brief(directions)}.`;
    throw new InvalidArgumentError("directions", directions, rule);
  }
  return [...directions].map(([layer, given]) => {
    checkWholeNumber("layer", layer);
    checkNumbers(`directions of layer ${layer}`, given);
    const numbers = Float64Array.from(given);
    const length = Math.hypot(...numbers);
    if (!(length > 0)) throw new InvalidArgumentError("directions", layer, "has a direction of zeros, which points nowhere."); // biome-ignore format: one line
    return { layer, direction: numbers.map((one) => one / length), length };
  });
}
