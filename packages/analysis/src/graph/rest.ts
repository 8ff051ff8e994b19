/** Pairs of runs without the positions that both prompts begin with, at which no edge carries anything else. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { type Beginning, canGoOn, readBeginning } from "../shared/beginning.js";
import type { RunPairs } from "./edge-runs.js";
import type { Outputs } from "./outputs.js";

/** What is left out of passes, and what they go on from. */
export interface LeftOut {
  /** The first position that is computed. */
  readonly from: number;
  readonly beginning: Beginning;
}

/**
 * The same runs, from the first position at which a pair differs; or what was given where the model cannot go on from there. It takes a
 * pass, so it is for those that make many.
 *
 * @param batch whose runs differ by the prompt only: what an ablation puts in its place may differ everywhere
 */
export async function restOf<B extends RunPairs>(batch: B): Promise<B> {
  const { model, ids, clean, corrupted, same = 0, steps = 1 } = batch;
  const from = Math.min(same, ids[0].length - steps);
  if (from === 0 || batch.leftOut || !canGoOn(model, ids[0].length, from)) return batch;
  const beginning = await readBeginning(model, ids);
  const [own, other] = [clean, corrupted].map((outputs) => outputsFrom(outputs, from));
  return { ...batch, clean: own, corrupted: other, leftOut: { from, beginning } };
}

function outputsFrom(
  { writes, stream, mlpReads, attention, mlps }: Outputs,
  from: number,
): Outputs {
  const rest = (x: MxArray) => x.index(mx.Slice(), mx.Slice(from, x.shape[1]));
  return {
    writes: writes.index(mx.Slice(), mx.Slice(), mx.Slice(from, writes.shape[2])),
    stream: stream.map(rest),
    mlpReads: mlpReads.map(rest),
    attention: attention.map(rest),
    mlps: mlps.map(rest),
  };
}
