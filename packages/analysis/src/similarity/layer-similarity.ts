/**
 * Similarity of layers: how alike the residual streams of two layers are over the same tokens, within a model or between two.
 *
 * Caveats. All three measures are blind to rotations, and dominated by the directions of largest variance: in language models often
 * a few dimensions and the first token. Leave the first position out (`skip`), and compare with the same tokens of a model of random weights.
 *
 * Source: Kornblith et al. 2019, arXiv 1905.00414; Raghu et al. 2017, arXiv 1706.05806; Ding et al. 2021, arXiv 2108.01661.
 */
import { type Prompt, provenanceOf } from "@mlxterp/core";
import { evaluate, InvalidArgumentError, type MxArray, mx } from "@mlxterp/mlx";
import {
  createGrid,
  type Grid,
  type Note,
  parseOptions,
  type Result,
  type RunControl,
} from "@mlxterp/results";
import { z } from "zod";
import { askedOf } from "../shared/asked.js";
import { range } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import { fedOf, promptIds, promptList } from "../shared/prompts.js";
import { indices } from "../shared/schemas.js";
import { select } from "../shared/select.js";
import { linearCka, procrustesSimilarity, svcca } from "./measures.js";

const layerSimilarityOptions = z.object({
  measure: z.enum(["cka", "svcca", "procrustes"]).default("cka").describe("what likeness is"),
  layers: indices.optional().describe("layers of both, negative from the last; default all"),
  skip: z.int().min(0).default(1).describe("tokens at the start of each prompt that are left out"),
});

/** Options of `layerSimilarity`. */
export type LayerSimilarityOptions = z.input<typeof layerSimilarityOptions> &
  RunControl & {
    /** Another model, or a view of this one; default the model itself. It gets the same token ids. */
    readonly other?: AnalysisModel;
  };

export type LayerSimilarityResult = Result<
  "similarity",
  { readonly similarity: Grid<"layer" | "otherLayer"> },
  Record<never, never>
>;

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
  const { other, ...rest } = options;
  const asked = parseOptions("layerSimilarity", layerSimilarityOptions, rest);
  const prompts = promptIds(model, promptList(model, input));
  const measure = (a: MxArray, b: MxArray) =>
    asked.measure === "cka" ? linearCka(a, b) : asked.measure === "svcca" ? svcca(a, b).mean : procrustesSimilarity(a, b); // biome-ignore format: one choice
  const [layer, own] = await streamsOf(model, prompts, asked);
  const [otherLayer, others] = other ? await streamsOf(other, prompts, asked) : [layer, own];
  const values: number[] = [];
  for (const one of own) {
    asked.signal?.throwIfAborted();
    values.push(...others.map((two) => measure(one, two)));
    asked.onProgress?.({
      done: values.length / others.length,
      total: own.length,
      stage: "similarity",
    });
  }
  return {
    method: "similarity",
    asked: askedOf(asked, other && { other: { function: other.name } }),
    fed: prompts.map((ids) => fedOf(model, "prompt", ids)),
    grids: { similarity: createGrid({ labels: { layer, otherLayer }, values, unit: "share" }) },
    tables: {},
    notes: fewTokens(own[0]),
    provenance: provenanceOf(model),
  };
}

/** With fewer tokens than directions any two representations can be turned into each other. */
function fewTokens({ shape: [tokens, hidden] }: MxArray): Note[] {
  if (tokens >= 4 * hidden) return [];
  const text = `${tokens} tokens for ${hidden} directions: likeness is overestimated, and canonical correlations are near 1 whatever the layers. Take more text.`;
  return [{ code: "FEW_TOKENS", text }];
}

interface Chosen {
  readonly layers?: readonly number[] | undefined;
  readonly skip: number;
}

/** The residual stream after each layer, over the tokens of all prompts: (tokens, hidden). */
async function streamsOf(
  model: AnalysisModel,
  prompts: readonly number[][],
  { layers, skip }: Chosen,
): Promise<[number[], MxArray[]]> {
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
  await evaluate(streams);
  return [chosen, streams];
}
