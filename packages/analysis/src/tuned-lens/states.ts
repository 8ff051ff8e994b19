/** What comes into every layer, and what the model says in the end: what lenses are trained and judged on. */
import { evaluate, type MxArray, mx } from "@mlxterp/mlx";
import { range } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";

export interface LensStates {
  /** What comes into every layer, (rows, hidden) each; only of real tokens, prompt after prompt. */
  readonly inputs: readonly MxArray[];
  /** The final prediction, (rows, vocab), probabilities. */
  readonly final: MxArray;
}

export async function statesOf(
  model: AnalysisModel,
  ids: readonly number[][],
): Promise<LensStates> {
  const { layers } = model.anatomy;
  const sites = ["layers.0.input", ...range(layers).map((layer) => `layers.${layer}`)];
  using cache = await model.run(ids, { save: sites });
  const width = Math.max(...ids.map(({ length }) => length));
  const real = ids.flatMap(({ length }, row) => range(length).map((at) => row * width + at));
  const index = mx.array(real, mx.int32);
  const rows = sites.map((site) => {
    const states = cache.get(site);
    return mx.take(states.reshape([-1, states.shape[2]]).astype(mx.float32), index, 0);
  });
  const { finalNorm, unembed } = model.anatomy;
  const final = mx.softmax(unembed(finalNorm(rows[layers])), 1);
  await evaluate([...rows, final]);
  return { inputs: rows.slice(0, layers), final };
}
