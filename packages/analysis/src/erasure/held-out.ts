/** What a probe tells apart on pairs that it has not seen, and what an edit costs the next token. */
import { klDivergence, logProbabilities, mx, toFlat, uniformNumbers } from "@mlxterp/mlx";
import { pickRows, type Rows } from "../directions/matrix.js";
import { foldsOf } from "../probes/judge.js";
import { fit, scoresOf } from "../probes/linear-probe.js";
import { lastLogits, lazyPass } from "../shared/lazy-pass.js";
import { inBatches, mean, range } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import { labelsOf } from "./erase-rows.js";
import type { AskedErasure } from "./options.js";

/**
 * The share of each pair's two prompts that is told right; nothing for a single pair.
 *
 * @param pairs of rows: 2i and 2i + 1
 * @param rowsFor all rows, as they are when only these are known
 */
export async function heldOutScores(
  pairs: number,
  { folds, seed }: Pick<AskedErasure, "folds" | "seed">,
  rowsFor: (train: readonly number[]) => Rows | Promise<Rows>,
): Promise<number[]> {
  if (pairs < 2) return [];
  const parts = Math.min(folds, pairs);
  const fold = foldsOf(pairs, parts, uniformNumbers(seed));
  const right = new Array<number>(pairs).fill(0);
  for (const part of range(parts)) {
    const [train, test] = [false, true].map((held) =>
      range(2 * pairs).filter((at) => (fold[Math.floor(at / 2)] === part) === held),
    );
    const rows = await rowsFor(train);
    const labels = labelsOf(train.length);
    const probe = fit(pickRows(rows, train), labels, { rule: "logistic", C: 1 });
    const scores = scoresOf(probe, pickRows(rows, test));
    test.forEach((at, place) => {
      if (scores[place] > 0 === (at % 2 === 0)) right[Math.floor(at / 2)] += 0.5;
    });
  }
  return right;
}

/** KL(as it is ‖ changed) of the next token in nats, the mean over prompts. */
export async function nextTokenCost(
  model: AnalysisModel,
  view: AnalysisModel,
  prompts: readonly (readonly number[])[],
  { batchSize, signal }: Pick<AskedErasure, "batchSize" | "signal">,
): Promise<number> {
  const found: number[] = [];
  for (const batch of inBatches(prompts, batchSize)) {
    signal?.throwIfAborted();
    const lengths = batch.map(({ length }) => length);
    const read = async (of: AnalysisModel) => {
      const [own] = await lazyPass(of, batch as number[][], {}, (trace) => [
        logProbabilities(lastLogits(of, trace, lengths).astype(mx.float32)),
      ]);
      return own;
    };
    found.push(...Array.from(toFlat(klDivergence(await read(model), await read(view))), Number));
  }
  return mean(found);
}
