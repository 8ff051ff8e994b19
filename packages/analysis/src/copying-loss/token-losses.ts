/** The loss of every next token, in a run with heads set to zero or none. */
import type { Interventions } from "@mlxterp/core";
import { atHeads, zeroOut } from "@mlxterp/interventions";
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { lazyPass } from "../shared/lazy-pass.js";
import type { AnalysisModel } from "../shared/model.js";

export type Head = readonly [layer: number, head: number];

/** Each layer's named heads set to zero. */
export function withoutHeads(heads: readonly Head[]): Interventions {
  const layers = [...new Set(heads.map(([layer]) => layer))];
  return Object.fromEntries(
    layers.map((layer) => {
      const own = heads.filter(([other]) => other === layer).map(([, head]) => head);
      return [`layers.${layer}.selfAttn.z`, atHeads(own, zeroOut())];
    }),
  );
}

/**
 * −log probability of every token but the first, prompt by prompt.
 *
 * @param prompts token ids; may differ in length
 */
export async function tokenLosses(
  model: AnalysisModel,
  prompts: readonly (readonly number[])[],
  interventions: Interventions,
): Promise<number[][]> {
  const width = Math.max(...prompts.map(({ length }) => length));
  const [losses] = await lazyPass(model, prompts, { interventions }, (trace) => [
    lossesOf(trace.at("output").value, prompts, width),
  ]);
  const flat = [...toFlat(losses)];
  return prompts.map(({ length }, row) =>
    flat.slice(row * (width - 1), row * (width - 1) + length - 1),
  );
}

/** (batch, position, vocab) → (batch, position − 1) */
function lossesOf(
  logits: MxArray,
  prompts: readonly (readonly number[])[],
  width: number,
): MxArray {
  const predicting = logits.index(mx.Slice(), mx.Slice(0, width - 1)).astype(mx.float32);
  const padded = prompts.map((ids) =>
    Array.from({ length: width - 1 }, (_, index) => ids[index + 1] ?? 0),
  );
  const next = mx.expandDims(mx.array(padded, mx.int32), 2);
  const chosen = mx.takeAlongAxis(predicting, next, 2).squeeze(2);
  return mx.subtract(mx.logsumexp(predicting, 2), chosen);
}
