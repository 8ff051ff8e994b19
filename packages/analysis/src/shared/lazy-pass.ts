/** One pass of which only what is computed from its values is kept. */
import { lastPositions, type PassOptions, type Prompt, type TraceCore } from "@mlxterp/core";
import { evaluate, type MxArray, mx } from "@mlxterp/mlx";
import type { AnalysisModel } from "./model.js";

/** Turns the values of an open trace into the arrays that are wanted. */
export type Read = (trace: TraceCore) => readonly MxArray[];

/**
 * Runs a pass, reads from it, lets go of everything else, and computes what was read: the activations themselves
 * are never kept, and layers that nothing depends on are never computed.
 */
export async function lazyPass(
  model: AnalysisModel,
  input: Prompt,
  options: PassOptions,
  read: Read,
): Promise<readonly MxArray[]> {
  const wanted = readAndClose(model, input, options, read);
  await evaluate(wanted);
  return wanted;
}

function readAndClose(
  model: AnalysisModel,
  input: Prompt,
  options: PassOptions,
  read: Read,
): readonly MxArray[] {
  const trace = model.trace(input, options);
  try {
    return read(trace);
  } finally {
    trace.dispose(); // nothing is saved in it, so nothing is computed here
  }
}

/**
 * The logits at each row's last token: only those pass through the final norm and the unembedding.
 *
 * @param lengths real tokens of each row; all of them when undefined
 * @returns (rows, vocab)
 */
export function lastLogits(
  model: AnalysisModel,
  trace: TraceCore,
  lengths?: readonly number[],
): MxArray {
  const { layers } = model.anatomy;
  const residual = lastPositions(trace.at(`layers.${layers - 1}`).value, lengths);
  return model.anatomy.unembed(model.anatomy.finalNorm(residual));
}

/**
 * The logits at the last tokens of rows that are equally long, in their order.
 *
 * @returns (rows, steps, vocab)
 */
export function lastLogitsOf(model: AnalysisModel, trace: TraceCore, steps: number): MxArray {
  return stepLogits(model, trace.at(`layers.${model.anatomy.layers - 1}`).value, steps);
}

/** The same of the residual stream after the last layer, (rows, position, hidden). */
export function stepLogits(
  { anatomy, edits }: AnalysisModel,
  stream: MxArray,
  steps: number,
): MxArray {
  const [rows, length, hidden] = stream.shape;
  if (edits.length > 0 && steps > 1) {
    const all = anatomy.unembed(anatomy.finalNorm(stream)); // edits of a view may be for some positions only
    return all.index(mx.Slice(), mx.Slice(length - steps, length));
  }
  const ending = stream.index(mx.Slice(), mx.Slice(length - steps, length));
  const logits = anatomy.unembed(anatomy.finalNorm(ending.reshape([rows * steps, hidden])));
  return logits.reshape([rows, steps, -1]);
}
