/**
 * Attention rollout: how much of each token is in each position after all layers, if attention were all that moves it.
 *
 * In every layer a position keeps half of itself and takes half of what its heads look at, on average over heads; the layers' matrices are
 * multiplied.
 *
 * Caveats. Heads differ in what they write, values in size, and MLPs move nothing here: this is where information could have come from,
 * not where it came from. Deep models spread over all early tokens whatever the prompt; compare prompts with each other.
 *
 * Source: Abnar & Zuidema 2020, "Quantifying Attention Flow in Transformers", arXiv 2005.00928.
 */
import { notFiniteError, type Prompt, provenanceOf } from "@mlxterp/core";
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import {
  createGrid,
  type Grid,
  parseOptions,
  type Result,
  type RunControl,
} from "@mlxterp/results";
import { z } from "zod";
import { askedOf } from "../shared/asked.js";
import { attendingLayers } from "../shared/attending.js";
import { lazyPass } from "../shared/lazy-pass.js";
import { range } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import { fedOf, isOnePrompt, type OnePrompt, positionLabels, promptIds, promptList } from "../shared/prompts.js"; // biome-ignore format: one import

const attentionRolloutOptions = z.object({
  residual: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe("what each position keeps of itself in a layer"),
});

/** Options of `attentionRollout`. */
export type AttentionRolloutOptions = z.input<typeof attentionRolloutOptions> & RunControl;

export type AttentionRolloutResult = Result<
  "rollout",
  {
    /** Share of each token (`key`) in each position (`query`) after a layer; rows sum to 1. */
    readonly rollout: Grid<"layer" | "query" | "key">;
  },
  Record<never, never>
>;

/**
 * Multiplies the layers' mean attention, prompt by prompt.
 *
 * @throws NotFiniteError (`NOT_FINITE`); UnknownSiteError (`UNKNOWN_SITE`) for layers that do not attend; InvalidArgumentError
 *   (`INVALID_ARGUMENT`); the signal's reason
 * @example
 * const { grids } = await attentionRollout(model, "Mary and John");
 * valueAt(grids.rollout, { layer: 3, query: -1, key: 0 }); // how much of the first token is in the last position
 */
export function attentionRollout(
  model: AnalysisModel,
  prompt: OnePrompt,
  options?: AttentionRolloutOptions,
): Promise<AttentionRolloutResult>;
export function attentionRollout(
  model: AnalysisModel,
  prompts: Prompt,
  options?: AttentionRolloutOptions,
): Promise<AttentionRolloutResult | AttentionRolloutResult[]>;
export async function attentionRollout(
  model: AnalysisModel,
  input: Prompt,
  options?: AttentionRolloutOptions,
): Promise<AttentionRolloutResult | AttentionRolloutResult[]> {
  const asked = parseOptions("attentionRollout", attentionRolloutOptions, options);
  const prompts = promptIds(model, promptList(model, input));
  const layers = attendingLayers("attentionRollout", model, range(model.anatomy.layers)); // others would carry tokens unseen
  const results: AttentionRolloutResult[] = [];
  for (const ids of prompts) {
    asked.signal?.throwIfAborted();
    const flows = await lazyPass(model, [ids], {}, (trace) =>
      flowsThrough(
        layers.map((layer) => trace.at(`layers.${layer}.selfAttn.pattern`).value),
        asked.residual,
      ),
    );
    const values = Float64Array.from(flows.flatMap((flow) => [...toFlat(flow)]));
    if (!values.every(Number.isFinite)) throw await notFiniteError("Rollout", model, [ids]);
    const token = positionLabels(model, ids);
    const labels = { layer: range(flows.length), query: token, key: token };
    results.push({
      method: "rollout",
      asked: askedOf(asked),
      fed: [fedOf(model, "prompt", ids)],
      grids: { rollout: createGrid({ labels, values, unit: "share" }) },
      tables: {},
      notes: [],
      provenance: provenanceOf(model),
    });
    asked.onProgress?.({ done: results.length, total: prompts.length, stage: "rollout" });
  }
  return isOnePrompt(input) ? results[0] : results;
}

/** @param patterns of each layer, (1, heads, query, key); returns (query, token) for each */
function flowsThrough(patterns: readonly MxArray[], residual: number): MxArray[] {
  const flows: MxArray[] = [];
  for (const pattern of patterns) {
    const mean = mx.mean(pattern.index(0).astype(mx.float32), 0); // (query, key)
    const kept = mx.multiply(mx.eye(mean.shape[0]), residual);
    const mixed = mx.add(mx.multiply(mean, 1 - residual), kept);
    const step = mx.divide(mixed, mx.sum(mixed, 1, true));
    const before = flows.at(-1);
    flows.push(before ? mx.matmul(step, before) : step);
  }
  return flows;
}
