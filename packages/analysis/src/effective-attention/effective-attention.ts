/**
 * Effective attention: with which weights a layer that remembers in a state mixes its earlier inputs.
 *
 * A recurrence that is linear in its inputs reads out, at every position, a sum of all inputs so far. The weights of that sum
 * depend on the tokens through steps, decays and directions, and can be looked at as an attention pattern can: row q says how much
 * of the input of each earlier position is in what position q reads. For gated delta layers an input is a value, for Mamba and
 * RecurrentGemma the convolved signal; where channels each have weights of their own, as in these two, the mean over channels is given.
 *
 * Caveats. Nothing is normalised and weights may be negative: rows do not sum to 1. Inputs are behind a short convolution, so that
 * the input of a position has a little of those before it. What bypasses the state is left out. As with attention, a weight
 * says what is mixed, not that it matters.
 *
 * Source: Ali, Zimerman & Wolf 2024, "The Hidden Attention of Mamba Models", section 3; Dao & Gu 2024, "Transformers are SSMs", section 3.
 */
import { checkModel, notFiniteError, type Prompt, provenanceOf } from "@mlxterp/core";
import { InvalidArgumentError, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { createGrid, parseOptions } from "@mlxterp/results";
import { askedOf } from "../shared/asked.js";
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
import { type EffectiveAttentionOptions, effectiveAttentionOptions } from "./options.js";
import type { EffectiveAttentionResult } from "./result.js";
import { ofChannels, ofDeltas, ofGates, ofHeads, type ReadSite } from "./weights.js";

/** Kinds of mixers, by sites that no other kind has all of. */
const kinds: readonly (readonly [
  sites: readonly string[],
  weights: (site: ReadSite) => MxArray,
])[] = [
  [["q", "k", "beta", "decay"], ofDeltas],
  [["B", "C", "delta", "decay", "xProj"], ofChannels],
  [["B", "C", "delta", "decay"], ofHeads],
  [["inputGate", "decay"], ofGates],
];

/**
 * The weights of chosen layers and heads, on the host.
 *
 * @param prompt one prompt gives one result; a list of prompts or an array of ids gives a list
 * @throws OutOfRangeError (`OUT_OF_RANGE`); UnknownSiteError (`UNKNOWN_SITE`) for a model without mixers; NotFiniteError (`NOT_FINITE`);
 *   InvalidArgumentError (`INVALID_ARGUMENT`) for options that do not exist and for layers without such a mixer
 * @example
 * const mamba = await loadModel("state-spaces/mamba2-130m-hf", { as: RecurrentModel });
 * const { grids } = await effectiveAttention(mamba, "Mary and John", { layers: [0] });
 * valueAt(grids.pattern, { layer: 0, head: 3, query: 2, key: 1 }); // how much of token 1 token 2 reads
 */
export function effectiveAttention(
  model: AnalysisModel,
  prompt: OnePrompt,
  options?: EffectiveAttentionOptions,
): Promise<EffectiveAttentionResult>;
export function effectiveAttention(
  model: AnalysisModel,
  prompts: Prompt,
  options?: EffectiveAttentionOptions,
): Promise<EffectiveAttentionResult[]>;
export async function effectiveAttention(
  model: AnalysisModel,
  input: Prompt,
  options?: EffectiveAttentionOptions,
): Promise<EffectiveAttentionResult | EffectiveAttentionResult[]> {
  const asked = parseOptions("effectiveAttention", effectiveAttentionOptions, options);
  checkModel("model", model);
  const known = sitesByLayer(model);
  const layers = asked.layers
    ? select("Layer", asked.layers, model.anatomy.layers)
    : [...known.keys()].filter((layer) => kindOf(known, layer) !== undefined);
  for (const layer of layers) requireKind(known, layer);
  if (layers.length === 0) requireKind(known, 0);
  const prompts = promptIds(model, promptList(model, input));
  const results: EffectiveAttentionResult[] = [];
  for (const ids of prompts) {
    asked.signal?.throwIfAborted();
    const values = await weightsOf(model, ids, layers, known);
    const token = positionLabels(model, ids);
    const head = Array.from(
      { length: values.length / layers.length / ids.length ** 2 },
      (_, index) => index,
    );
    const labels = { layer: layers, head, query: token, key: token };
    results.push({
      method: "effective-attention",
      asked: askedOf(asked),
      fed: [fedOf(model, "prompt", ids)],
      grids: { pattern: createGrid({ labels, values, unit: "effect", neutral: 0 }) },
      tables: {},
      notes: [],
      provenance: provenanceOf(model),
    });
    asked.onProgress?.({
      done: results.length,
      total: prompts.length,
      stage: "effective attention",
    });
  }
  return isOnePrompt(input) ? results[0] : results;
}

type SitesByLayer = ReadonlyMap<number, ReadonlySet<string>>;

/** The names of each mixer's sites. */
function sitesByLayer(model: AnalysisModel): SitesByLayer {
  const found = new Map<number, Set<string>>();
  for (const { site } of model.sites("layers.*.mixer.*")) {
    const [, layer, , name] = site.split(".");
    const names = found.get(Number(layer)) ?? new Set();
    found.set(Number(layer), names.add(name));
  }
  return found;
}

function kindOf(known: SitesByLayer, layer: number) {
  return kinds.find(([sites]) => sites.every((name) => known.get(layer)?.has(name)));
}

function requireKind(known: SitesByLayer, layer: number) {
  const kind = kindOf(known, layer);
  if (kind) return kind;
  const rule = known.has(layer)
    ? "its mixer has no keys and queries: what it remembers is not looked at as attention."
    : "it has no mixer. Where it attends, attentionPatterns says where it looks.";
  throw new InvalidArgumentError("layers", layer, rule);
}

async function weightsOf(
  model: AnalysisModel,
  ids: readonly number[],
  layers: readonly number[],
  known: SitesByLayer,
): Promise<Float32Array> {
  const kindsOfLayers = layers.map((layer) => requireKind(known, layer));
  const isTap = (name: string) => name !== "xProj";
  const save = layers.flatMap((layer, index) =>
    kindsOfLayers[index][0].filter(isTap).map((name) => `layers.${layer}.mixer.${name}`),
  );
  using cache = await model.run([ids], { save });
  const parts = layers.map((layer, index) => {
    const read = (name: string) => cache.get(`layers.${layer}.mixer.${name}`).squeeze(0);
    const weights = kindsOfLayers[index][1]((name) => read(name).astype(mx.float32));
    return toFlat(weights) as Float32Array;
  });
  const values = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let start = 0;
  for (const part of parts) {
    values.set(part, start);
    start += part.length;
  }
  if (values.every(Number.isFinite)) return values;
  throw await notFiniteError("Effective attention", model, [ids]);
}
