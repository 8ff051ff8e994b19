/** The strongest directions of a head's OV circuit as the tokens that they read and write. */
import { indexFromEnd } from "@mlxterp/core";
import { evaluate, type MxArray, mx, toFlat, topK } from "@mlxterp/mlx";
import { visibleToken } from "@mlxterp/results";
import type { AnalysisModel } from "../shared/model.js";
import { textOf } from "../shared/prompts.js";
import type { AskedHeadWeights } from "./options.js";
import type { TokenWeights } from "./token-weights.js";

const shown = 5; // directions of each head

/** @throws OutOfRangeError (`OUT_OF_RANGE`) for a head that does not exist */
export async function directionRows(
  model: AnalysisModel,
  weights: TokenWeights,
  { directions = [], topK: count }: AskedHeadWeights,
) {
  const { layers, heads, vocab } = model.anatomy;
  const rows = [];
  for (const [given, which] of directions) {
    const layer = indexFromEnd("Layer", given, layers, "this model");
    const head = indexFromEnd("Head", which, heads, `layer ${layer}`);
    const { U, S, Vt } = weights.OV(layer, head).svd();
    const values = [...toFlat(S)];
    const squares = values.reduce((sum, value) => sum + value * value, 0);
    const most = Math.min(shown, values.length);
    const reads = mx.matmul(U.T.index(mx.Slice(0, most)), weights.W_E.T); // (directions, vocab)
    const writes = mx.matmul(Vt.index(mx.Slice(0, most)), weights.W_U);
    const read = await ends(model, reads, Math.min(count, vocab));
    const written = await ends(model, writes, Math.min(count, vocab));
    for (let index = 0; index < most; index++) {
      rows.push({
        head: `${layer}.${head}`,
        index,
        share: squares === 0 ? 0 : values[index] ** 2 / squares,
        reads: read[index],
        writes: written[index],
      });
    }
  }
  return rows;
}

/** A direction has no sign of its own: the first tokens of one end, and those of the other. */
async function ends(model: AnalysisModel, scores: MxArray, count: number): Promise<string[]> {
  const [top, bottom] = [topK(scores, count).indices, topK(mx.negative(scores), count).indices];
  await evaluate([top, bottom]);
  const [first, second] = [[...toFlat(top)], [...toFlat(bottom)]];
  const words = (ids: readonly number[]) => textOf(model, ids).map(visibleToken).join(" ");
  return Array.from({ length: scores.shape[0] }, (_, row) => {
    const slice = (list: readonly number[]) => list.slice(row * count, (row + 1) * count);
    return `${words(slice(first))} ↔ ${words(slice(second))}`;
  });
}
