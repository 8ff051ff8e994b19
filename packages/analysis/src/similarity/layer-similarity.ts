/**
 * Similarity of layers: how alike the residual streams of two layers are over the same tokens, within a model or between two.
 *
 * Caveats. All three measures are blind to rotations, and dominated by the directions of largest variance: in language models often
 * a few dimensions and the first token. Leave the first position out (`skip`), and compare with the same tokens of a model of random weights.
 *
 * Source: Kornblith et al. 2019, arXiv 1905.00414; Raghu et al. 2017, arXiv 1706.05806; Ding et al. 2021, arXiv 2108.01661.
 */
import { type Prompt, provenanceOf } from "@mlxterp/core";
import { evaluate, InvalidArgumentError, mx } from "@mlxterp/mlx";
import { createGrid, type Note, parseOptions } from "@mlxterp/results";
import { askedModel } from "../shared/any-model.js";
import { askedOf } from "../shared/asked.js";
import { mean, range } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import { otherModel } from "../shared/other-model.js";
import { fedOf, promptIds, promptList } from "../shared/prompts.js";
import { select } from "../shared/select.js";
import { anyOrder } from "./any-order.js";
import { measures } from "./measures.js";
import {
  type AskedSimilarity,
  type LayerSimilarityOptions,
  layerSimilarityOptions,
} from "./options.js";
import { inOrder, type Representation, representation } from "./representation.js";
import type { LayerSimilarityResult } from "./result.js";

/**
 * Compares every layer with every other, over all tokens of all prompts.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) where too few tokens are left, and for models of other vocabularies; OutOfRangeError (`OUT_OF_RANGE`)
 * @example
 * const { grids } = await layerSimilarity(model, ["Mary and John went to the park", "the capital of France is Paris"]);
 * valueAt(grids.similarity, { layer: 2, otherLayer: 2 }); // 1
 */
export async function layerSimilarity(
  model: AnalysisModel,
  input: Prompt,
  options: LayerSimilarityOptions = {},
): Promise<LayerSimilarityResult> {
  const asked = parseOptions("layerSimilarity", layerSimilarityOptions, options);
  const prompts = promptIds(model, promptList(model, input));
  const other = asked.other === undefined ? undefined : otherModel(model, asked.other, prompts);
  const [layer, own] = await layersOf(model, prompts, asked);
  const [otherLayer, others] = other ? await layersOf(other, prompts, asked) : [layer, own];
  const values = compareAll(own, others, asked);
  const labels = { layer, otherLayer };
  const draws = range(asked.nulls).map((draw) =>
    compareAll(own, inAnotherOrder(others, asked.seed + draw), asked),
  );
  const mixed = draws[0]?.map((_, at) => mean(draws.map((draw) => draw[at])));
  return {
    method: "similarity",
    asked: askedOf(asked, other && { other: askedModel(other) }),
    fed: prompts.map((ids) => fedOf(model, "prompt", ids)),
    grids: {
      similarity: createGrid({ labels, values, unit: "share" }),
      ...(mixed && { chance: createGrid({ labels, values: mixed, unit: "share" }) }),
    },
    tables: {},
    notes: fewTokens(own[0]),
    provenance: provenanceOf(model, { seed: asked.seed }),
  };
}

/** Row by row, every one with every other. */
function compareAll(
  own: readonly Representation[],
  others: readonly Representation[],
  { measure, signal, onProgress }: AskedSimilarity,
): number[] {
  return own.flatMap((one, at) => {
    signal?.throwIfAborted();
    const row = others.map((other) => measures[measure](one, other));
    onProgress?.({ done: at + 1, total: own.length, stage: "similarity" });
    return row;
  });
}

/** All in one other order, so that no token stands where it stood but by chance. */
function inAnotherOrder(all: readonly Representation[], seed: number): Representation[] {
  const order = anyOrder(all[0].centred.columns.rows, seed);
  return all.map((one) => inOrder(one, order));
}

/** With fewer tokens than directions any two representations can be turned into each other. */
function fewTokens({ centred: { columns } }: Representation): Note[] {
  const { rows: tokens, count: hidden } = columns;
  if (tokens >= 4 * hidden) return [];
  const text = `${tokens} tokens for ${hidden} directions: likeness is overestimated, and canonical correlations are near 1 whatever the layers. Take more text.`;
  return [{ code: "FEW_TOKENS", text }];
}

/** The residual stream after each layer, over the tokens of all prompts. */
async function layersOf(
  model: AnalysisModel,
  prompts: readonly number[][],
  { layers, skip }: AskedSimilarity,
): Promise<[number[], Representation[]]> {
  const chosen = select("Layer", layers, model.anatomy.layers);
  const sites = chosen.map((layer) => `layers.${layer}`);
  const width = Math.max(...prompts.map(({ length }) => length));
  const real = prompts.flatMap(({ length }, row) => range(length).slice(skip).map((at) => row * width + at)); // biome-ignore format: one line
  if (real.length < 2) {
    throw new InvalidArgumentError("skip", skip, `leaves ${real.length} tokens; at least two are compared.`); // biome-ignore format: one line
  }
  using cache = await model.run(prompts, { save: sites });
  const index = mx.array(real, mx.int32);
  const streams = sites.map((site) => {
    const value = cache.get(site);
    return mx.take(value.reshape([-1, value.shape[2]]).astype(mx.float32), index, 0);
  });
  await evaluate(streams); // (tokens, hidden) each
  return [chosen, streams.map((one) => representation("input", one))];
}
