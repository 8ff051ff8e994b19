/** The path from the residual stream to the logits as a linear map, at one point. */
import { growsBatch, lastPositions } from "@mlxterp/core";
import { type MxArray, mx } from "@mlxterp/mlx";
import { lazyPass } from "../shared/lazy-pass.js";
import type { AnalysisModel } from "../shared/model.js";

/**
 * The final norm with its denominator frozen, applied to parts of a residual stream.
 *
 * The parts take the place of the norm's input in a pass of a single token, and the frozen denominator that of its
 * `scale`, so it is the model's own norm that computes; nothing below it is.
 *
 * @param parts (parts, hidden)
 * @param scale (parts, 1)
 * @returns (parts, hidden), the norm's bias included in each
 */
export async function normalizeFrozen(
  model: AnalysisModel,
  parts: MxArray,
  scale: MxArray,
): Promise<MxArray> {
  const interventions = {
    "finalNorm.input": growsBatch(() => mx.expandDims(parts, 1)),
    "finalNorm.scale": growsBatch(() => mx.expandDims(scale, 1)),
  };
  const [normalized] = await lazyPass(model, [[0]], { interventions }, (trace) => [
    lastPositions(trace.at("finalNorm").value, undefined),
  ]);
  return normalized;
}

/** What is read off the logits of each row: one token's, or the difference of two. */
export interface ReadTokens {
  readonly answer: readonly number[];
  readonly wrongAnswer?: readonly number[];
}

/**
 * The chosen logit (difference) of each row and its gradient with respect to the normalized residual stream: for a linear
 * unembedding the difference of two of its columns.
 *
 * @param normalized (batch, hidden), after the final norm
 * @returns value (batch), direction (batch, hidden); lazy
 */
export function readDirection(
  model: AnalysisModel,
  normalized: MxArray,
  tokens: ReadTokens,
): { value: MxArray; direction: MxArray } {
  const column = (logits: MxArray, ids: readonly number[]) =>
    mx.takeAlongAxis(logits, mx.array([...ids], mx.int32).reshape([-1, 1]), 1).squeeze(1);
  const read = (x: MxArray): MxArray => {
    const logits = model.anatomy.unembed(x);
    const answer = column(logits, tokens.answer);
    return tokens.wrongAnswer ? mx.subtract(answer, column(logits, tokens.wrongAnswer)) : answer;
  };
  const ones = mx.ones([normalized.shape[0]]);
  const [[value], [direction]] = mx.vjp(read, [normalized], [ones]);
  return { value, direction };
}
