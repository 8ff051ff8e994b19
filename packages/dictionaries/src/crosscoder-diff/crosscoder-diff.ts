/**
 * Crosscoder diffing: which features two models, or two layers, have in common, and which belong to one alone.
 *
 * A crosscoder writes the activations of both from one set of features. Norms of decoder rows tell where a feature belongs; latent scaling
 * asks whether the other really has nothing of it (see `diffCrosscoder`, which takes any source of rows). Here the rows are those of prompts.
 *
 * Caveats. Few tokens say little of features that are seldom on: give many prompts. Features that look exclusive often are shrunken ones that
 * both have, which is why only confirmed ones count. A crosscoder sees what it was trained on, and explains a share of it.
 *
 * Source: Lindsey et al. 2024, "Sparse Crosscoders"; latent scaling: Minder et al. 2025, arXiv 2504.02922.
 */
import { type Prompt, provenanceOf } from "@mlxterp/core";
import { InvalidArgumentError, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { createTable, type Json, type Note, parseOptions } from "@mlxterp/results";
import type { Crosscoder } from "../crosscoder/crosscoder.js";
import { loadCrosscoder } from "../loading/load.js";
import { type CrosscoderDiff, diffCrosscoder } from "../model-diffing/diff-crosscoder.js";
import { askedOf } from "../shared/asked.js";
import {
  type DictionaryModel,
  ownSite,
  piecesOf,
  promptFed,
  promptsAsIds,
} from "../shared/model.js";
import { checkShipped } from "../shipped/shipped.js";
import { arraySource } from "../training/sources.js";
import {
  type AskedCrosscoderDiff,
  type CrosscoderDiffOptions,
  crosscoderDiffOptions,
} from "./options.js";
import type { ComparedFeature, CrosscoderCounts, CrosscoderDiffResult } from "./result.js";

/**
 * Compares two models, or two layers of one, on prompts. The second model gets the same token ids.
 *
 * @throws as `loadCrosscoder`; InvalidArgumentError (`INVALID_ARGUMENT`) for prompts of too few tokens, and for a second model that is a
 * name (surfaces load it), UnknownSiteError (`UNKNOWN_SITE`), DictionaryShapeError (`DICTIONARY_SHAPE`) for another width or number of
 * sources; the signal's reason
 * @example
 * const { tables } = await crosscoderDiff(model, ["the capital of France is", "Mary and John went to the park"]);
 * tables.counts.rows[0].features; // 128
 */
export async function crosscoderDiff(
  model: DictionaryModel,
  input: Prompt,
  options?: CrosscoderDiffOptions,
): Promise<CrosscoderDiffResult> {
  const asked = parseOptions("crosscoderDiff", crosscoderDiffOptions, options);
  checkShipped(model, "crosscoder", asked.crosscoder);
  const crosscoder = loadCrosscoder(asked.crosscoder);
  const prompts = promptsAsIds(model, input);
  const read = await rowsOf(model, prompts, asked);
  const { exclusive, shared } = asked;
  const [count] = read.rows.shape;
  const sizes = { batchSize: count, batches: 1, exclusive, shared };
  const diff = await diffCrosscoder(crosscoder, arraySource(read.rows), sizes);
  const features = comparedFeatures(crosscoder, diff, read);
  const on = features.filter(({ density }) => density > 0);
  const [explainedFirst, explainedSecond] = explainedShares(crosscoder, read.rows);
  const { counts } = diff;
  const summary: CrosscoderCounts = {
    ...{ first: read.names[0], second: read.names[1], tokens: count },
    ...{ features: features.length, on: on.length, shared: counts.shared },
    ...{ firstAlone: counts.first, secondAlone: counts.second, between: counts.between },
    ...{ confirmed: diff.confirmed.length, chance: finite(diff.chance) },
    ...{ explainedFirst, explainedSecond },
  };
  return {
    method: "crosscoder",
    asked: askedOf({ ...asked, other: asked.other && askedModel(asked.other) } as never),
    fed: prompts.map((ids) => promptFed(model, ids)),
    grids: {},
    tables: {
      features: createTable(featureColumns, features),
      counts: createTable(Object.keys(summary) as (keyof CrosscoderCounts & string)[], [summary]),
    },
    notes: notesOf(summary),
    provenance: provenanceOf(model),
  };
}

const featureColumns = [
  ...["feature", "place", "relativeNorm", "density", "scaling", "scalingByChance", "confirmed"],
  ...["token", "activation"],
] as (keyof ComparedFeature & string)[];

/** As results keep it: by the name that it is loaded by again, unless it was edited. */
function askedModel(other: DictionaryModel | string): Json {
  if (typeof other === "string") return other;
  return other.edits.length > 0 ? { edited: other.name } : other.name;
}

/** Activations of both side by side, and the tokens they are of. */
interface Read {
  readonly rows: MxArray; // (tokens, 2, width)
  readonly tokens: readonly string[];
  readonly names: readonly [string, string];
}

async function rowsOf(
  model: DictionaryModel,
  prompts: readonly (readonly number[])[],
  { other, sites, firstToken, signal, onProgress }: AskedCrosscoderDiff,
): Promise<Read> {
  if (typeof other === "string") {
    const rule = "is a name: give the model itself; the command and servers load it.";
    throw new InvalidArgumentError("other", other, rule);
  }
  const second = other ?? model;
  const places = [ownSite(model, sites[0]), ownSite(second, sites[1] ?? sites[0])] as const;
  const parts: MxArray[] = [];
  const tokens: string[] = [];
  for (const [at, ids] of prompts.entries()) {
    signal?.throwIfAborted();
    const from = firstToken ? 0 : 1;
    if (ids.length <= from) continue;
    const both = [await stateOf(model, ids, places[0]), await stateOf(second, ids, places[1])];
    parts.push(mx.stack(both, 1).index(mx.Slice(from)));
    tokens.push(...piecesOf(model, ids).slice(from));
    onProgress?.({ done: at + 1, total: prompts.length, stage: "reading" });
  }
  if (tokens.length < 2) {
    throw new InvalidArgumentError("prompts", prompts, "two tokens or more must count.");
  }
  const names: [string, string] = other ? [model.name, other.name] : [places[0], places[1]];
  return { rows: mx.concatenate(parts, 0), tokens, names };
}

/** (position, width) */
async function stateOf(
  model: DictionaryModel,
  ids: readonly number[],
  site: string,
): Promise<MxArray> {
  using cache = await model.run([[...ids]], { save: site });
  const state = cache.get(site).index(0).astype(mx.float32);
  if (state.shape.length === 2 && state.shape[0] === ids.length) return state;
  const rule = `"${site}" does not have one row for each token, its shape being [${state.shape.join(", ")}]; name a site of the residual stream, or of what a module gives.`;
  throw new InvalidArgumentError("sites", site, rule);
}

function comparedFeatures(
  crosscoder: Crosscoder,
  diff: CrosscoderDiff,
  { rows, tokens }: Read,
): ComparedFeature[] {
  const encoded = crosscoder.encode(rows); // (tokens, features)
  const [places, sizes] = [toFlat(mx.argmax(encoded, 0)), toFlat(mx.max(encoded, 0))];
  const confirmed = new Set(diff.confirmed);
  return diff.features.map(({ feature, place, relativeNorm, density, ...scales }) => ({
    ...{ feature, place, relativeNorm, density },
    scaling: finite(scales.scaling),
    scalingByChance: finite(scales.scalingByChance),
    confirmed: confirmed.has(feature),
    token: density > 0 ? tokens[Number(places[feature])] : null,
    activation: Number(sizes[feature]),
  }));
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** Of each of the two: 1 − Σ|error|² / Σ|x − mean x|². */
function explainedShares(crosscoder: Crosscoder, rows: MxArray): [number, number] {
  const left = mx.sum(mx.square(mx.subtract(rows, crosscoder.forward(rows))), [0, 2]);
  const spread = mx.sum(mx.square(mx.subtract(rows, mx.mean(rows, 0, true))), [0, 2]);
  const [first, second] = toFlat(mx.subtract(1, mx.divide(left, spread)));
  return [first, second];
}

/** Below this, a feature that is on at one token in a thousand is not seen. */
const few = 1000;
const poor = 0.5;

function notesOf({ tokens, explainedFirst, explainedSecond }: CrosscoderCounts): Note[] {
  const notes: Note[] = [];
  if (tokens < few) {
    const text = `${tokens} tokens were read: what is on at few of them, or at none, is not judged. Give more prompts.`;
    notes.push({ code: "FEW_TOKENS", text });
  }
  const least = Math.min(explainedFirst, explainedSecond);
  if (least < poor) {
    const which = explainedFirst < explainedSecond ? "first" : "second";
    const text = `The crosscoder explains only ${(100 * least).toFixed(0)} % of the variance of the ${which}: is it of these two, at these sites?`;
    notes.push({ code: "POOR_RECONSTRUCTION", text });
  }
  return notes;
}
