/**
 * Jacobian lens: what a small change of the residual stream at a depth does, on average, to the stream after the last layer.
 *
 * For every depth the derivative of the final residual stream by the stream there is averaged over prompts and positions, and the
 * average is used as the translator: J h goes through the final norm and the unembedding. Nothing is trained towards the model's own
 * prediction, so what is read is what the stream here is disposed to make the model say, at this position or a later one (in encoders: at any).
 *
 * Caveats. An average of derivatives is linear and forgets the norm's and the attention's dependence on the context. Sums over later
 * positions grow with their number: compare lenses of prompts of like length. One backward pass for each dimension and batch: a
 * thousand dimensions take a thousand rows per prompt.
 *
 * Source: the averaged Jacobian follows Hernandez et al. 2024, "Linearity of Relation Decoding in Transformer Language Models", arXiv
 * 2308.09124, section 3, here for all positions at once and towards the last layer.
 */
import { checkModel, notFiniteError, type Prompt, provenanceOf } from "@mlxterp/core";
import { evaluate, type MxArray, mx } from "@mlxterp/mlx";
import { parseOptions, type RunControl, readOnly } from "@mlxterp/results";
import { z } from "zod";
import { LensTranslators } from "../lens-translators/lens-translators.js";
import { inBatches, range } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import { promptIds, promptList } from "../shared/prompts.js";
import { select } from "../shared/select.js";

const jacobianLensOptions = z.object({
  layers: readOnly(z.array(z.int()).min(1))
    .optional()
    .describe(
      "layers whose input is differentiated, negative from the last; the others stay as they are; default all",
    ),
  target: z
    .enum(["later", "same"])
    .default("later")
    .describe("what a position does to itself and all later ones, or to itself alone"),
  rows: z.int().min(1).default(32).describe("dimensions differentiated in one pass"),
});

/** Options of `jacobianLens`. */
export type JacobianLensOptions = z.input<typeof jacobianLensOptions> & RunControl;

/**
 * Averages the derivative of the last layer's output by every layer's input.
 *
 * @param input prompts that the average is over; each position of each counts once
 * @returns translators (hidden, hidden) for every depth: identities where no derivative was asked
 * @throws OutOfRangeError (`OUT_OF_RANGE`), NotFiniteError (`NOT_FINITE`), NotDifferentiableError (`NOT_DIFFERENTIABLE`);
 *   InvalidArgumentError (`INVALID_ARGUMENT`); the signal's reason when cancelled
 * @example
 * const lens = await jacobianLens(model, ["the capital of France is"], { layers: [2] });
 * await logitLens(model, "the capital of Italy is", { translators: lens });
 */
export async function jacobianLens(
  model: AnalysisModel,
  input: Prompt,
  options?: JacobianLensOptions,
): Promise<LensTranslators> {
  const asked = parseOptions("jacobianLens", jacobianLensOptions, options);
  checkModel("model", model);
  const { layers: count, hidden } = model.anatomy;
  const layers = select("Layer", asked.layers, count);
  const prompts = promptIds(model, promptList(model, input));
  const sums = new Map<number, MxArray[]>(layers.map((layer) => [layer, []]));
  const parts = inBatches(range(hidden), asked.rows);
  let done = 0;
  for (const dimensions of parts) {
    const rows = new Map<number, MxArray>();
    for (const ids of prompts) {
      asked.signal?.throwIfAborted();
      const found = await rowsOf(model, ids, { dimensions, layers, target: asked.target });
      for (const [layer, own] of found) {
        const before = rows.get(layer);
        rows.set(layer, before ? mx.add(before, own) : own);
      }
      await evaluate([...rows.values()]);
      asked.onProgress?.({ done: ++done, total: parts.length * prompts.length, stage: "jacobian" });
    }
    for (const [layer, own] of rows) sums.get(layer)?.push(own);
  }
  const positions = prompts.reduce((sum, { length }) => sum + length, 0);
  const identity = mx.eye(hidden);
  const weight = mx.stack(
    range(count).map((layer) => {
      const own = sums.get(layer);
      return own ? mx.divide(mx.concatenate(own, 0), positions) : identity;
    }),
  );
  const worst = mx.sum(mx.abs(weight));
  await evaluate([weight, worst]);
  if (!Number.isFinite(Number(worst.item()))) {
    throw await notFiniteError("Derivatives", model, prompts);
  }
  const bias = mx.zeros([count, hidden]);
  const origin = provenanceOf(model, { options: { target: asked.target, positions } });
  return new LensTranslators({ kind: "jacobian", weight, bias, origin });
}

interface Wanted {
  readonly dimensions: readonly number[];
  readonly layers: readonly number[];
  readonly target: "later" | "same";
}

/** Some rows of each Jacobian, summed over the positions of one prompt: (dimensions, hidden), lazy. */
async function rowsOf(
  model: AnalysisModel,
  ids: readonly number[],
  { dimensions, layers, target }: Wanted,
): Promise<Map<number, MxArray>> {
  const positions: (number | undefined)[] = target === "later" ? [undefined] : range(ids.length);
  const parts = new Map<number, MxArray[]>(layers.map((layer) => [layer, []]));
  const save = layers.map((layer) => `layers.${layer}.input`);
  const last = `layers.${model.anatomy.layers - 1}`;
  for (const position of positions) {
    const { gradients } = await model.gradients(
      dimensions.map(() => [...ids]),
      (_, pass) => eachDimension(pass.value(last), dimensions, position),
      { save },
    );
    for (const layer of layers) {
      const slope = gradients.get(`layers.${layer}.input`); // (dimension, position, hidden)
      const own = position === undefined ? mx.sum(slope, 1) : slope.index(mx.Slice(), position);
      parts.get(layer)?.push(own.astype(mx.float32));
    }
  }
  return new Map([...parts].map(([layer, own]) => [layer, own.reduce((a, b) => mx.add(a, b))]));
}

/** The sum over rows of each row's own dimension, at one position or all: one backward pass gives the gradient of each. */
function eachDimension(
  final: MxArray,
  dimensions: readonly number[],
  position: number | undefined,
): MxArray {
  const chosen = position === undefined ? mx.sum(final, 1) : final.index(mx.Slice(), position);
  const index = mx.array([...dimensions], mx.int32).reshape([-1, 1]);
  return mx.sum(mx.takeAlongAxis(chosen, index, 1));
}
