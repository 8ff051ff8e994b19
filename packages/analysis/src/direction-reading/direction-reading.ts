/**
 * A direction of the residual stream read through the unembedding: which tokens it speaks for, and against.
 *
 * Steering vectors, probes' weights, rows of an MLP's output, dictionary features: what is added to the stream along a direction changes
 * logits, to first order, by its product with the unembedding, after the final norm's weight.
 *
 * Caveats. The norm's denominator is left out, so numbers compare tokens, not directions of different models. A direction that works
 * through later layers says nothing here. Where logits are capped or scaled, order is what holds.
 *
 * Source: Geva et al. 2022, "Transformer Feed-Forward Layers Build Predictions by Promoting Concepts in the Vocabulary Space", arXiv
 * 2203.14680; Dar et al. 2023, arXiv 2209.02535.
 */

import { checkModel, provenanceOf } from "@mlxterp/core";
import {
  checkReal,
  evaluate,
  InvalidArgumentError,
  type MxArray,
  mx,
  toFlat,
  topK,
} from "@mlxterp/mlx";
import { createTable, parseOptions, type Result, type Table } from "@mlxterp/results";
import { checkNumbers } from "@mlxterp/results/errors";
import { z } from "zod";
import { normalizeFrozen } from "../direct-logit-attribution/frozen-norm.js";
import type { AnalysisModel } from "../shared/model.js";
import { textOf } from "../shared/prompts.js";

const directionReadingOptions = z.object({
  topK: z.int().min(1).default(10).describe("tokens on each side"),
});

/** Options of `readDirection`. */
export type DirectionReadingOptions = z.input<typeof directionReadingOptions>;

/** A token that a direction speaks for or against. */
export type DirectionToken = {
  /** Which of the directions. */
  readonly direction: number;
  /** `for` or `against`. */
  readonly side: string;
  /** 1 for the strongest of its side. */
  readonly rank: number;
  readonly id: number;
  readonly text: string;
  /** What a unit of the direction adds to the logit, the norm's denominator left out. */
  readonly logit: number;
};

export type DirectionReadingResult = Result<
  "direction",
  Record<never, never>,
  { readonly tokens: Table<DirectionToken> }
>;

/**
 * The tokens at both ends of what directions do to the logits.
 *
 * @param directions (hidden) or (directions, hidden)
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for another shape, or numbers that are not finite
 * @example
 * const { tables } = await readDirection(model, direction, { topK: 3 });
 * tables.tokens.rows.filter(({ side }) => side === "for").map(({ text }) => text); // three tokens
 */
export async function readDirection(
  model: AnalysisModel,
  directions: MxArray | readonly number[],
  options?: DirectionReadingOptions,
): Promise<DirectionReadingResult> {
  const asked = parseOptions("readDirection", directionReadingOptions, options);
  const rows = requireRows(model, directions);
  const logits = await throughUnembedding(model, rows);
  const count = Math.min(asked.topK, logits.shape[1]);
  const ends = [topK(logits, count), topK(mx.negative(logits), count)];
  await evaluate(ends.flatMap(({ values, indices }) => [values, indices]));
  const tokens = ends.flatMap(({ values, indices }, side): DirectionToken[] => {
    const [numbers, ids] = [[...toFlat(values)], [...toFlat(indices)]];
    const texts = textOf(model, ids);
    return ids.map((id, at) => ({
      direction: Math.floor(at / count),
      side: side === 0 ? "for" : "against",
      rank: (at % count) + 1,
      id,
      text: texts[at],
      logit: side === 0 ? numbers[at] : -numbers[at],
    }));
  });
  tokens.sort((a, b) => a.direction - b.direction); // stable: sides and ranks stay in order
  return {
    method: "direction",
    asked: { topK: asked.topK, directions: rows.shape[0] },
    fed: [],
    grids: {},
    tables: { tokens: createTable(["direction", "side", "rank", "id", "text", "logit"], tokens) },
    notes: [],
    provenance: provenanceOf(model),
  };
}

/**
 * What directions add to the logits, with the final norm's denominator taken as 1.
 *
 * @param rows (directions, hidden)
 * @returns (directions, vocab), lazy
 */
export async function throughUnembedding(model: AnalysisModel, rows: MxArray): Promise<MxArray> {
  const withZero = mx.concatenate([mx.zerosLike(rows.index(mx.Slice(0, 1))), rows], 0);
  const ones = mx.ones([withZero.shape[0], 1]);
  const normalized = await normalizeFrozen(model, withZero, ones);
  const logits = model.anatomy.unembed(normalized);
  return mx.subtract(logits.index(mx.Slice(1)), logits.index(mx.Slice(0, 1))); // without biases
}

function requireRows(model: AnalysisModel, given: MxArray | readonly number[]): MxArray {
  checkModel("model", model);
  if (Array.isArray(given)) checkNumbers("directions", given);
  else checkReal("directions", given);
  const array = Array.isArray(given) ? mx.array(given as number[]) : (given as MxArray);
  const { hidden } = model.anatomy;
  const { shape, ndim } = array;
  if ((ndim !== 1 && ndim !== 2) || shape[ndim - 1] !== hidden) {
    const rule = `must have shape [${hidden}] or [directions, ${hidden}], not [${shape.join(", ")}].`;
    throw new InvalidArgumentError("directions", shape, rule);
  }
  const rows = array.reshape([-1, hidden]).astype(mx.float32);
  if (Number.isFinite(Number(mx.sum(mx.abs(rows)).item()))) return rows;
  throw new InvalidArgumentError("directions", shape, "must hold finite numbers.");
}
