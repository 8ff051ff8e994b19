/** What edges outside a circuit carry in place of what the clean run writes. */
import { evaluate, type MxArray, mx } from "@mlxterp/mlx";
import type { PairBatch } from "../graph/run-pairs.js";
import type { Ablation } from "./options.js";

/**
 * A batch whose other run is the ablation.
 *
 * @param batches all of them, from which means are taken
 */
export async function ablationOf(
  ablation: Ablation,
  batches: () => AsyncIterable<PairBatch>,
): Promise<(batch: PairBatch) => PairBatch> {
  if (ablation === "patch") return (batch) => batch;
  if (ablation === "zero") return (batch) => withWrites(batch, (writes) => mx.zerosLike(writes));
  let sum: MxArray | undefined;
  let count = 0;
  for await (const { corrupted } of batches()) {
    const [pairs, , length] = corrupted.writes.shape;
    const whole = mx.sum(corrupted.writes, ablation === "mean" ? [0, 2] : [0], true);
    count += ablation === "mean" ? pairs * length : pairs;
    sum = sum ? mx.add(sum, whole) : whole;
    await evaluate([sum]);
  }
  const mean = mx.divide(sum!, count); // there is at least one pair
  return (batch) => withWrites(batch, ({ shape }) => mx.broadcastTo(mean, shape));
}

function withWrites(batch: PairBatch, other: (writes: MxArray) => MxArray): PairBatch {
  const { corrupted } = batch;
  return { ...batch, corrupted: { ...corrupted, writes: other(corrupted.writes) } };
}
