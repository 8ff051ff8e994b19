/**
 * Attention patterns: where each head looks.
 *
 * Row q of a pattern says with which weights position q mixes the values of the positions up to it; each row sums
 * to 1. These are the weights that the model itself used, not a recomputation.
 *
 * Caveats. A weight says where a head looks, not what it moves, nor that it matters: the value may be small, and what is
 * written may be read by nobody (Jain & Wallace 2019, arXiv 1902.10186). Heads with nothing to do rest on the first
 * token, which is a sink, not a finding (Xiao et al. 2023, arXiv 2309.17453). Patch or ablate before concluding.
 */
import type { Prompt } from "@mlxterp/core";
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import type { AnalysisModel } from "../model.js";
import type { RunControl } from "../progress.js";
import {
  isOnePrompt,
  type OnePrompt,
  type PromptTokens,
  promptIds,
  promptList,
  promptTokens,
} from "../prompts.js";
import { provenanceOf, type ResultProvenance } from "../provenance.js";
import { select } from "../select.js";

export interface AttentionOptions extends RunControl {
  /** Negative from the last. Default: all. */
  readonly layers?: readonly number[];
  /** Negative from the last. Default: all. */
  readonly heads?: readonly number[];
}

/** One head's pattern on one prompt. */
export interface HeadPattern {
  readonly layer: number;
  readonly head: number;
  /** (query, key), row by row: the weight of key k for query q is at `q · tokens + k`. */
  readonly weights: Float32Array;
}

export interface AttentionResult {
  readonly prompt: PromptTokens;
  /** Layer by layer, and within it head by head. */
  readonly patterns: readonly HeadPattern[];
  readonly provenance: ResultProvenance;
}

/**
 * The attention patterns of chosen layers and heads, on the host.
 *
 * @param prompt one prompt gives one result; a list of prompts or an array of ids gives a list
 * @throws OutOfRangeError (`OUT_OF_RANGE`); UnknownSiteError (`UNKNOWN_SITE`) for a model without `selfAttn.pattern`
 * @example
 * const { prompt, patterns } = await attentionPatterns(model, "Once upon a time", { layers: [0] });
 * patterns[3].weights[2 * prompt.ids.length + 1]; // head 3 of layer 0: how much token 2 looks at token 1
 */
export function attentionPatterns(
  model: AnalysisModel,
  prompt: OnePrompt,
  options?: AttentionOptions,
): Promise<AttentionResult>;
export function attentionPatterns(
  model: AnalysisModel,
  prompts: Prompt,
  options?: AttentionOptions,
): Promise<AttentionResult[]>;
export async function attentionPatterns(
  model: AnalysisModel,
  input: Prompt,
  options: AttentionOptions = {},
): Promise<AttentionResult | AttentionResult[]> {
  const layers = select("Layer", options.layers, model.anatomy.layers);
  const heads = select("Head", options.heads, model.anatomy.heads);
  const prompts = promptIds(model, promptList(model, input));
  const results: AttentionResult[] = [];
  for (const ids of prompts) {
    options.signal?.throwIfAborted();
    const sites = layers.map((layer) => `layers.${layer}.selfAttn.pattern`);
    const cache = await model.run([ids], { save: sites });
    const patterns = layers.flatMap((layer, index) =>
      headWeights(cache.get(sites[index]), heads).map((weights, at) => ({
        layer,
        head: heads[at],
        weights,
      })),
    );
    const provenance = provenanceOf(model, "attentionPatterns");
    results.push({ prompt: promptTokens(model, ids), patterns, provenance });
    options.onProgress?.({ done: results.length, total: prompts.length, stage: "attention" });
  }
  return isOnePrompt(input) ? results[0] : results;
}

/** @param pattern (1, heads, query, key) */
function headWeights(pattern: MxArray, heads: readonly number[]): Float32Array[] {
  const size = pattern.shape[2] * pattern.shape[3];
  const flat = toFlat(mx.take(pattern, mx.array([...heads], mx.int32), 1).astype(mx.float32));
  return heads.map((_, index) =>
    Float32Array.from(flat.subarray(index * size, (index + 1) * size)),
  );
}
