/**
 * Attention patterns: where each head looks.
 *
 * Row q of a pattern says with which weights position q mixes the values of the positions it sees: those up to it in a
 * decoder, all in an encoder; each row sums to 1. These are the weights that the model itself used, not a recomputation.
 *
 * Caveats. A weight says where a head looks, not what it moves, nor that it matters: the value may be small, and what is
 * written may be read by nobody (Jain & Wallace 2019, arXiv 1902.10186). Heads with nothing to do rest on the first
 * token, which is a sink, not a finding (Xiao et al. 2023, arXiv 2309.17453). Patch or ablate before concluding.
 */
import { notFiniteError, type Prompt, provenanceOf } from "@mlxterp/core";
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { createGrid, type ParsedOptions, parseOptions } from "@mlxterp/results";
import { askedOf } from "../shared/asked.js";
import { attendingLayers } from "../shared/attending.js";
import type { AnalysisModel } from "../shared/model.js";
import {
  fedOf,
  isOnePrompt,
  type OnePrompt,
  positionLabels,
  promptIds,
  promptList,
} from "../shared/prompts.js";
import { select } from "../shared/select.js";
import { type AttentionOptions, attentionOptions } from "./options.js";
import type { AttentionResult } from "./result.js";

/**
 * The attention patterns of chosen layers and heads, on the host.
 *
 * @param prompt one prompt gives one result; a list of prompts or an array of ids gives a list
 * @throws OutOfRangeError (`OUT_OF_RANGE`); UnknownSiteError (`UNKNOWN_SITE`) for a model without `selfAttn.pattern`;
 *   InvalidArgumentError (`INVALID_ARGUMENT`) for options that do not exist; NotFiniteError (`NOT_FINITE`)
 * @example
 * const { grids } = await attentionPatterns(model, "Mary and John", { layers: [0] });
 * valueAt(grids.pattern, { layer: 0, head: 3, query: 2, key: 1 }); // how much token 2 looks at token 1
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
export function attentionPatterns(
  model: AnalysisModel,
  input: Prompt,
  options?: AttentionOptions,
): Promise<AttentionResult | AttentionResult[]>;
export async function attentionPatterns(
  model: AnalysisModel,
  input: Prompt,
  options?: AttentionOptions,
): Promise<AttentionResult | AttentionResult[]> {
  const asked = parseOptions("attentionPatterns", attentionOptions, options);
  const prompts = promptIds(model, promptList(model, input));
  const results: AttentionResult[] = [];
  for (const ids of prompts) {
    asked.signal?.throwIfAborted();
    results.push(await patternsOf(model, ids, asked));
    asked.onProgress?.({ done: results.length, total: prompts.length, stage: "attention" });
  }
  return isOnePrompt(input) ? results[0] : results;
}

async function patternsOf(
  model: AnalysisModel,
  ids: readonly number[],
  asked: ParsedOptions<typeof attentionOptions>,
): Promise<AttentionResult> {
  const layers = attendingLayers("attentionPatterns", model, asked.layers);
  const heads = select("Head", asked.heads, model.anatomy.heads);
  const sites = layers.map((layer) => `layers.${layer}.selfAttn.pattern`);
  const cache = await model.run([ids], { save: sites });
  const size = heads.length * ids.length ** 2;
  const values = new Float32Array(layers.length * size);
  for (const [index, site] of sites.entries()) {
    values.set(headWeights(cache.get(site), heads), index * size);
  }
  if (!values.every(Number.isFinite)) {
    throw await notFiniteError("Attention patterns", model, [ids]);
  }
  const token = positionLabels(model, ids);
  const labels = { layer: layers, head: heads, query: token, key: token };
  return {
    method: "attention",
    asked: askedOf(asked),
    fed: [fedOf(model, "prompt", ids)],
    grids: { pattern: createGrid({ labels, values, unit: "share" }) },
    tables: {},
    notes: [],
    provenance: provenanceOf(model),
  };
}

/** @param pattern (1, heads, query, key) */
function headWeights(pattern: MxArray, heads: readonly number[]): Float32Array {
  const chosen = mx.take(pattern, mx.array([...heads], mx.int32), 1).astype(mx.float32);
  return toFlat(chosen) as Float32Array;
}
