/**
 * Head weights: what each head's OV and QK circuits do to tokens, and which heads write what others read. No prompt is run.
 *
 * Without norms and MLPs between, a head that attends to a token adds W_E W_V W_O W_U of it to the logits, and attends by W_E W_Q W_Kᵀ W_Eᵀ.
 * Positive eigenvalues mean that tokens raise themselves: copying. The size of a product of two heads' matrices, over what their sizes
 * allow, says how much of what one writes the other reads.
 *
 * Caveats. Norms, biases, rotation and the first MLP, which in many models makes the embedding that heads really meet, are left out: fold the norms
 * first (`model.folded()`), and look at the pattern on prompts. Composition is above chance wherever heads share a popular
 * subspace; compare pairs with each other, not with 0.
 *
 * Source: Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits"; successors: Gould et al. 2023, arXiv 2312.09230;
 * singular directions: Millidge & Black 2022, "The Singular Value Decompositions of Transformer Weight Matrices are Highly Interpretable".
 */
import { notFiniteError, type Prompt, provenanceOf } from "@mlxterp/core";
import { evaluate, InvalidArgumentError, mx, uniformNumbers } from "@mlxterp/mlx";
import { createGrid, createTable, type Note, parseOptions } from "@mlxterp/results";
import { resolveAnswer } from "../shared/answers.js";
import { askedOf } from "../shared/asked.js";
import { range } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import { fedOf, promptIds, promptList } from "../shared/prompts.js";
import { stoppable, takeTurn } from "../shared/stoppable.js";
import { startTokens, usableTokens } from "../shared/vocabulary.js";
import { chanceRows } from "./chance.js";
import { compositionKinds, compositionOf } from "./composition.js";
import { directionRows } from "./directions.js";
import { eigenScores } from "./eigen-score.js";
import { type AskedHeadWeights, type HeadWeightsOptions, headWeightsOptions } from "./options.js";
import type { HeadWeightsResult } from "./result.js";
import {
  matchingShares,
  ownTokenShares,
  successorShares,
  type TokenSample,
} from "./token-ranks.js";
import {
  type HeadMatrices,
  headMatrices,
  type TokenWeights,
  tokenWeights,
} from "./token-weights.js";

/**
 * Reads every head's weights.
 *
 * @param input prompts whose tokens copying and matching are judged by; without any, tokens at random
 * @throws MissingAnatomyError (`MISSING_ANATOMY`) for modules that are no language models, and latent attention; AnswerTokenError
 *   (`ANSWER_TOKEN`); InvalidArgumentError (`INVALID_ARGUMENT`); NotFiniteError (`NOT_FINITE`); the signal's reason
 * @example
 * const { grids } = await headWeights(model, undefined, { sampleTokens: 50 });
 * valueAt(grids.copying, { layer: 1, head: 3 }) > 0.9; // true: what it attends to it says again
 */
export async function headWeights(
  model: AnalysisModel,
  input?: Prompt,
  options?: HeadWeightsOptions,
): Promise<HeadWeightsResult> {
  const asked = parseOptions("headWeights", headWeightsOptions, options);
  return stoppable(asked.signal, () => readWeights(model, input, asked));
}

async function readWeights(
  model: AnalysisModel,
  input: Prompt | undefined,
  asked: AskedHeadWeights,
): Promise<HeadWeightsResult> {
  const layers = headMatrices(model);
  const weights = tokenWeights(model);
  const order = asked.succession?.map((one) => resolveAnswer(model, one, "").id);
  if (order && order.length < 2) {
    throw new InvalidArgumentError("succession", asked.succession, "needs two tokens or more.");
  }
  if (order) checkSuccession(order.length, asked.topK);
  const between = mx.matmul(weights.W_U, weights.W_E).astype(mx.float32); // (hidden, hidden)
  const prompts = input === undefined ? [] : promptIds(model, promptList(model, input));
  const ids = input === undefined ? sampled(model, asked) : [...new Set(prompts.flat())];
  const sample = sampleOf(weights, ids);
  const ordered = order && sampleOf(weights, order);
  await evaluate([between, sample.embedded, sample.unembedded]);
  const scores = { copying: [], keeping: [], ownToken: [], matching: [], successor: [] } as Record<
    "copying" | "keeping" | "ownToken" | "matching" | "successor",
    number[]
  >;
  for (const [layer, own] of layers.entries()) {
    await takeTurn(asked.signal);
    scores.copying.push(...eigenScores(own, between));
    scores.keeping.push(...eigenScores(own));
    scores.ownToken.push(...(await ownTokenShares(own, sample, asked.topK)));
    scores.matching.push(...(await matchingShares(own, sample, asked.topK)));
    if (ordered) scores.successor.push(...(await successorShares(own, ordered, asked.topK)));
    asked.onProgress?.({ done: layer + 1, total: layers.length, stage: "head weights" });
  }
  if (!Object.values(scores).flat().every(Number.isFinite)) {
    throw await notFiniteError("Scores of weights", model, [[0]]);
  }
  const label = { layer: range(layers.length), head: range(model.anatomy.heads) };
  const grid = (values: readonly number[], neutral?: number) =>
    createGrid({ labels: label, values, unit: "share", ...(neutral !== undefined && { neutral }) });
  return {
    method: "weights",
    asked: askedOf(asked, { succession: order }),
    fed: prompts.map((own) => fedOf(model, "prompt", own)),
    grids: {
      copying: grid(scores.copying, 0),
      keeping: grid(scores.keeping, 0),
      ownToken: grid(scores.ownToken),
      matching: grid(scores.matching),
      ...(ordered && { successor: grid(scores.successor) }),
      composition: await compositionGrid(layers),
    },
    tables: {
      chance: createTable(["score", "mean", "highest"], await chanceRows(layers[0], { between, sample, ordered, asked })), // biome-ignore format: one line a table
      directions: createTable(
        ["head", "index", "share", "reads", "writes"],
        await directionRows(model, weights, asked),
      ),
    },
    notes: sampleNotes(ids.length, asked.topK),
    provenance: provenanceOf(model, { seed: asked.seed }),
  };
}

function sampled(model: AnalysisModel, { sampleTokens, seed }: AskedHeadWeights): number[] {
  const usable = usableTokens(model, startTokens(model));
  const random = uniformNumbers(seed);
  const count = Math.min(sampleTokens, usable.length);
  for (let index = 0; index < count; index++) {
    const other = index + Math.floor(random() * (usable.length - index));
    [usable[index], usable[other]] = [usable[other], usable[index]];
  }
  return usable.slice(0, count);
}

function sampleOf({ W_E, W_U }: TokenWeights, ids: readonly number[]): TokenSample {
  const index = mx.array([...ids], mx.int32);
  return {
    embedded: mx.take(W_E, index, 0).astype(mx.float32),
    unembedded: mx.take(W_U, index, 1).astype(mx.float32),
  };
}

async function compositionGrid(layers: readonly HeadMatrices[]) {
  const heads = layers[0].Q.shape[0];
  const names = layers.flatMap((_, layer) => range(heads).map((head) => `${layer}.${head}`));
  const size = names.length;
  const values = new Float64Array(compositionKinds.length * size * size);
  for (const [first, earlier] of layers.entries()) {
    for (let second = first + 1; second < layers.length; second++) {
      const found = await compositionOf(earlier, layers[second]);
      for (const [kind, scores] of found.entries()) {
        for (const [at, score] of scores.entries()) {
          const writer = first * heads + Math.floor(at / heads);
          const reader = second * heads + (at % heads);
          values[(kind * size + writer) * size + reader] = score;
        }
      }
    }
  }
  const labels = { kind: compositionKinds, writer: names, reader: names };
  return createGrid({ labels, values, unit: "share" });
}

/** Among the first of no more tokens than that every token is, whatever a head writes. */
function checkSuccession(count: number, topK: number): void {
  if (count > topK) return;
  const rule = `every one of ${count} tokens is among the first ${topK}, so that all heads would score 1. Give more tokens, or a smaller topK.`;
  throw new InvalidArgumentError("succession", count, rule);
}

function sampleNotes(count: number, topK: number): Note[] {
  if (count > topK) return [];
  const text = `ownToken and matching say nothing: every one of ${count} tokens is among the first ${topK}.`;
  return [{ code: "SMALL_SAMPLE", text }];
}
