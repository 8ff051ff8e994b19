/**
 * Directional ablation as weights: every matrix that writes to the residual stream loses a direction, so that no layer can write along it.
 *
 * `ablateDirection` at every site does the same while the model runs; with the parameters of this function the model itself is changed and can be
 * saved as a checkpoint.
 *
 * Caveats. Where embedding and unembedding are one matrix (`tied`), the embedding stays as it is, since the unembedding would change
 * with it: ablate at `layers.0.input` besides. Families that normalise what layers write can bring the direction back.
 *
 * Source: Arditi et al. 2024, "Refusal in Language Models Is Mediated by a Single Direction", arXiv 2406.11717, section 4.1.
 */

import { checkModel, MissingAnatomyError } from "@mlxterp/core";
import { checkReal, InvalidArgumentError, type MxArray, mx } from "@mlxterp/mlx";
import { checkNumbers } from "@mlxterp/results/errors";
import { range } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";

interface WithWeight {
  readonly weight?: MxArray;
  readonly bias?: MxArray;
}

interface DecoderParts {
  readonly embedTokens?: WithWeight;
  readonly embedPositions?: WithWeight;
  readonly lmHead?: WithWeight;
  readonly layers?: readonly {
    readonly selfAttn?: { readonly oProj?: WithWeight };
    readonly mlp?: { readonly downProj?: WithWeight };
    readonly embeddingWrite?: { readonly outProj?: WithWeight };
  }[];
}

/**
 * The parameters that write to the residual stream, without a direction; the model stays as it is.
 *
 * @param direction (hidden), of any length
 * @returns names and arrays as `setParameters` takes them, lazy
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for a direction of another length, or zeros; MissingAnatomyError (`MISSING_ANATOMY`) for
 *   layers that are not made of one attention and one dense MLP, and packed weights
 * @example
 * const copy = await loadModel("tiny");
 * setParameters(copy.module, orthogonalizedParameters(copy, direction));
 */
export function orthogonalizedParameters(
  model: AnalysisModel,
  direction: MxArray | readonly number[],
): [name: string, array: MxArray][] {
  checkModel("model", model);
  const parts = model.module as unknown as DecoderParts;
  const unit = unitOf(direction, model.anatomy.hidden);
  const found: [string, MxArray][] = [];
  const add = (name: string, layer: WithWeight | undefined, axis: 0 | 1) => {
    const { hidden } = model.anatomy;
    if (layer?.weight?.shape[axis] !== hidden)
      throw new MissingAnatomyError(`${name} as one matrix`, [name]);
    found.push([`${name}.weight`, without(layer.weight, unit, axis)]);
    if (layer.bias) found.push([`${name}.bias`, without(layer.bias.reshape([1, -1]), unit, 1).reshape([-1])]); // biome-ignore format: one line
  };
  const tied = !parts.lmHead?.weight;
  if (!tied) add("embedTokens", parts.embedTokens, 1);
  if (parts.embedPositions) add("embedPositions", parts.embedPositions, 1);
  for (const layer of range(model.anatomy.layers)) {
    const { selfAttn, mlp, embeddingWrite } = parts.layers?.[layer] ?? {};
    add(`layers.${layer}.selfAttn.oProj`, selfAttn?.oProj, 0);
    add(`layers.${layer}.mlp.downProj`, mlp?.downProj, 0);
    if (embeddingWrite) add(`layers.${layer}.embeddingWrite.outProj`, embeddingWrite.outProj, 0);
  }
  return found;
}

function unitOf(given: MxArray | readonly number[], hidden: number): MxArray {
  if (Array.isArray(given)) checkNumbers("direction", given);
  else checkReal("direction", given);
  const direction = (Array.isArray(given) ? mx.array(given as number[]) : (given as MxArray)).astype(mx.float32); // biome-ignore format: one line
  const length =
    direction.shape.join() === `${hidden}` ? Number(mx.linalg.norm(direction).item()) : 0;
  if (length > 0 && Number.isFinite(length)) return mx.divide(direction, length);
  const rule = `must have shape [${hidden}], and be neither zero nor infinite.`;
  throw new InvalidArgumentError("direction", direction.shape, rule);
}

/** @param axis on which the residual stream lies */
function without(weight: MxArray, unit: MxArray, axis: 0 | 1): MxArray {
  const wide = weight.astype(mx.float32);
  const rows = axis === 1 ? wide : wide.T;
  const freed = mx.subtract(rows, mx.outer(mx.matmul(rows, unit), unit));
  return (axis === 1 ? freed : freed.T).astype(weight.dtype);
}
