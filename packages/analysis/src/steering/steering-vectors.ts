/** Steering vectors: for every layer a direction between two classes of prompts, with the length of the stream there as its unit. */

import { type Intervention, indexFromEnd } from "@mlxterp/core";
import { addVector } from "@mlxterp/interventions";
import { InvalidArgumentError } from "@mlxterp/mlx";
import { parseOptions } from "@mlxterp/results";
import {
  checkFinite,
  checkList,
  checkNumbers,
  checkOptions,
  checkRecord,
  checkWholeNumber,
} from "@mlxterp/results/errors";
import { type DirectionRule, findDirection, meanLength } from "../directions/find-direction.js";
import { pickRows } from "../directions/matrix.js";
import { type ReadPosition, readPlaces } from "../directions/read-places.js";
import { readRows } from "../directions/read-rows.js";
import { type ClassPairs, classPairs } from "../shared/classes.js";
import { range } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import type { PatchingPrompts } from "../shared/pairs.js";
import { select } from "../shared/select.js";
import { type SteeringVectorOptions, steeringVectorOptions } from "./options.js";

/** One layer's direction. */
export interface SteeringVector {
  readonly layer: number;
  /** (hidden), of length 1, towards the positive class. */
  readonly direction: Float64Array;
  /** The mean length of what the residual stream holds there: a strength of 1 adds as much. */
  readonly length: number;
}

/**
 * Finds a direction for every layer, in what the layer gives out.
 *
 * @param input `clean` prompts are what is steered towards, `corrupted` ones their counterparts; `spans` mark words that stand for each other
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) where classes do not differ; OutOfRangeError (`OUT_OF_RANGE`); the signal's reason
 * @example
 * const vectors = await steeringVectors(model, { clean: ["Mary and"], corrupted: ["John and"] });
 * const calm = model.edit(steeringInterventions(vectors, { strength: 0.5, layers: [2] }), { name: "calm" });
 */
export async function steeringVectors(
  model: AnalysisModel,
  input: PatchingPrompts,
  options?: SteeringVectorOptions,
): Promise<SteeringVector[]> {
  const asked = parseOptions("steeringVectors", steeringVectorOptions, options);
  return vectorsOf(model, classPairs(model, input), asked);
}

interface Wanted {
  readonly rule: DirectionRule;
  readonly position: ReadPosition;
  readonly layers?: readonly number[] | undefined;
  readonly batchSize: number;
  readonly signal?: AbortSignal | undefined;
}

export async function vectorsOf(
  model: AnalysisModel,
  pairs: ClassPairs,
  { rule, position, layers, batchSize, signal }: Wanted,
): Promise<SteeringVector[]> {
  const chosen = select("Layer", layers, model.anatomy.layers);
  const sites = chosen.map((layer) => `layers.${layer}`);
  const plan = { sites, pooling: [readPlaces(pairs, position)], batchSize, signal };
  const prompts = pairs.positive.flatMap((ids, index) => [ids, pairs.negative[index]]);
  const found = await readRows(model, prompts, plan);
  return chosen.map((layer, at) => {
    const of = (side: number) => pickRows(found[at][0], range(prompts.length).filter((row) => row % 2 === side)); // biome-ignore format: one call
    const both = { positive: of(0), negative: of(1) };
    return { layer, direction: findDirection(both, rule), length: meanLength(found[at][0]) };
  });
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what is no list of vectors, or for none */
export function checkVectors(vectors: unknown): void {
  checkList("vectors", vectors);
  for (const [index, vector] of (vectors as SteeringVector[]).entries()) {
    checkRecord(`vectors[${index}]`, vector);
    checkWholeNumber(`vectors[${index}].layer`, vector.layer);
    checkNumbers(`vectors[${index}].direction`, vector.direction);
    checkFinite(`vectors[${index}].length`, vector.length);
  }
}

/** How vectors are applied. */
export interface SteeringStrength {
  /** In lengths of the residual stream at each layer; negative for the other way. */
  readonly strength: number;
  /** Layers to add at, negative from the last; default all that there are vectors for. */
  readonly layers?: readonly number[];
}

/**
 * Vectors as interventions, for `run`, generation and lasting edits that can be saved.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for a layer without a vector
 * @example
 * const vectors = await steeringVectors(model, { clean: ["Mary and"], corrupted: ["John and"] });
 * await model.run(prompt, { interventions: steeringInterventions(vectors, { strength: -0.5 }) });
 */
export function steeringInterventions(
  vectors: readonly SteeringVector[],
  options: SteeringStrength,
): Record<string, Intervention> {
  checkVectors(vectors);
  checkOptions<SteeringStrength>("steeringInterventions", options, { strength: true, layers: checkNumbers }); // biome-ignore format: one line
  const { strength, layers } = options;
  checkFinite("strength", strength);
  const last = Math.max(...vectors.map(({ layer }) => layer));
  const wanted = layers?.map((layer) => indexFromEnd("Layer", layer, last + 1, "the vectors"));
  const missing = wanted?.find((layer) => !vectors.some((one) => one.layer === layer));
  if (missing !== undefined) throw new InvalidArgumentError("layers", missing, `there is no vector of layer ${missing}.`); // biome-ignore format: one line
  const used = vectors.filter(({ layer }) => !wanted || wanted.includes(layer));
  return Object.fromEntries(
    used.map(({ layer, direction, length }) => [
      `layers.${layer}`,
      addVector([...direction], { scale: strength * length }),
    ]),
  );
}
