/** Attention from turn to turn. */
import { notFiniteError } from "@mlxterp/core";
import { mx, toFlat } from "@mlxterp/mlx";
import { lazyPass } from "../shared/lazy-pass.js";
import { range } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import type { Group } from "./groups.js";

/** Summed over keys, the mean over queries: (layer, head, query, key), row by row. */
export async function attendTurns(
  model: AnalysisModel,
  ids: readonly number[],
  groups: readonly Group[],
  layers: readonly number[],
): Promise<Float64Array> {
  const member = (average: boolean) =>
    mx.array(
      groups.map(({ positions }) =>
        range(ids.length).map((at) =>
          positions.includes(at) ? (average ? 1 / positions.length : 1) : 0,
        ),
      ),
    );
  const [rows, columns] = [member(true), member(false).T]; // (turns, query), (key, turns)
  const sums = await lazyPass(model, [[...ids]], {}, (trace) =>
    layers.map((layer) => {
      const site = `layers.${layer}.selfAttn.pattern`;
      const pattern = trace.at(site).value.index(0).astype(mx.float32);
      return mx.matmul(mx.matmul(rows, pattern), columns); // (heads, turns, turns)
    }),
  );
  const values = Float64Array.from(sums.flatMap((sum) => [...toFlat(sum)]));
  if (!values.every(Number.isFinite)) throw await notFiniteError("Attention", model, [[...ids]]);
  return values;
}
