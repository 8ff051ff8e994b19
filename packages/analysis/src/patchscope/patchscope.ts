/**
 * Patchscopes: what a vector means to the model, by putting it inside another prompt and letting the model go on.
 *
 * The activation at one place of a prompt takes the place of one in a target prompt, which is written so that what follows says what is
 * there: «cat is cat ; book is book ; x» asks for the token's name, «Paris: the capital of France, Bach: a composer, x» for what it
 * is. Where the logit lens multiplies by the unembedding, here the model's own later layers do the reading.
 *
 * Caveats. The target has a mind of its own: what it says as it is (`unpatchedProbability`) and with vectors at random of the same length
 * (`nullProbability`) stands beside every layer; only what is above both is of the vector. A vector from layer 2 put after layer 2 is read by
 * all later layers, one put into the last layer by none: then this is the logit lens.
 *
 * Source: Ghandeharioun et al. 2024, "Patchscopes: A Unifying Framework for Inspecting Hidden Representations of Language Models", arXiv
 * 2401.06102; Chen et al. 2024, "SelfIE", arXiv 2403.10949.
 */
import { notFiniteError, type Prompt, provenanceOf } from "@mlxterp/core";
import { type MxArray, mx } from "@mlxterp/mlx";
import { createGrid, createTable, parseOptions } from "@mlxterp/results";
import { type FollowedToken, type RawCell, readLayers } from "../logit-lens/readout.js";
import { resolveAnswers } from "../shared/answers.js";
import { askedOf } from "../shared/asked.js";
import { mean, range } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import {
  fedOf,
  isOnePrompt,
  type OnePrompt,
  positionLabels,
  promptIds,
  promptList,
  textOf,
} from "../shared/prompts.js";
import { select } from "../shared/select.js";
import { stoppable } from "../shared/stoppable.js";
import { type AskedPatchscope, type PatchscopeOptions, patchscopeOptions } from "./options.js";
import type { PatchscopeResult } from "./result.js";
import { continueTargets, runTargets, type TargetRow } from "./run-targets.js";

/**
 * Inspects one position of a prompt, layer by layer, inside a target prompt.
 *
 * @param prompt where vectors are taken; a list of prompts gives a list of results
 * @throws OutOfRangeError (`OUT_OF_RANGE`), AnswerTokenError (`ANSWER_TOKEN`), MissingAnatomyError (`MISSING_ANATOMY`), NotFiniteError
 * *   (`NOT_FINITE`), InvalidArgumentError (`INVALID_ARGUMENT`); the signal's reason
 * @example
 * const target = "Mary and John went to the park . Mary";
 * const { tables } = await patchscope(model, "the capital of France", { target });
 * tables.continuations.rows[0]; // { layer: "embedding", text: … }
 */
export function patchscope(
  model: AnalysisModel,
  prompt: OnePrompt,
  options: PatchscopeOptions,
): Promise<PatchscopeResult>;
export function patchscope(
  model: AnalysisModel,
  prompts: Prompt,
  options: PatchscopeOptions,
): Promise<PatchscopeResult | PatchscopeResult[]>;
export async function patchscope(
  model: AnalysisModel,
  input: Prompt,
  options: PatchscopeOptions,
): Promise<PatchscopeResult | PatchscopeResult[]> {
  const asked = parseOptions("patchscope", patchscopeOptions, options);
  const prompts = promptIds(model, promptList(model, input));
  const [target] = promptIds(model, [asked.target as OnePrompt]);
  const answers =
    asked.answer === undefined
      ? undefined
      : resolveAnswers(
          model,
          asked.answer,
          prompts.map(() => asked.target as OnePrompt),
        );
  const results: PatchscopeResult[] = [];
  for (const [index, ids] of prompts.entries()) {
    asked.signal?.throwIfAborted();
    const answer = answers?.[index];
    const given = { ids, target, answer: answer?.token, asked, notes: answer?.notes ?? [] };
    results.push(await stoppable(asked.signal, () => inspect(model, given)));
    asked.onProgress?.({ done: index + 1, total: prompts.length, stage: "patchscope" });
  }
  return isOnePrompt(input) ? results[0] : results;
}

interface Inspection {
  readonly ids: readonly number[];
  readonly target: readonly number[];
  readonly answer: { readonly id: number; readonly text: string } | undefined;
  readonly asked: AskedPatchscope;
  readonly notes: PatchscopeResult["notes"];
}

async function inspect(model: AnalysisModel, given: Inspection): Promise<PatchscopeResult> {
  const { ids, target, answer, asked } = given;
  const [position] = select("Position", [asked.targetPosition], target.length, "the target");
  const places = placesOf(model, asked);
  const vectors = await vectorsOf(model, ids, asked.position, places);
  const rows = places.map(({ put }, index): TargetRow => ({ vector: vectors[index], site: put }));
  const targets = { ids: target, position, rows };
  const end = await runTargets(model, targets);
  const read = async (residual: MxArray, followed: readonly (readonly number[])[], k: number) => {
    const [rows] = await readLayers(model.anatomy, [residual], k, { followed });
    return rows.map(([cell]) => cell);
  };
  const cells = await read(
    end,
    rows.map(() => (answer ? [answer.id] : [])),
    asked.topK,
  );
  if (!cells.every(({ logits }) => logits.every(Number.isFinite))) {
    throw await notFiniteError("Logits of the target", model, [target]);
  }
  const tokens = cells.map((cell) => answer?.id ?? cell.ids[0]);
  const plain = await runTargets(model, { ...targets, rows: [{ vector: undefined, site: "" }] });
  const [{ followed: unpatched }] = await read(plain, [tokens], 1);
  const nulls = await nullProbabilities(model, targets, { tokens, asked, read });
  const continued = await continueTargets(model, targets, asked.maxTokens, asked.signal);
  return arrange(model, given, { places, cells, unpatched, nulls, continued });
}

interface Place {
  readonly layer: number | string;
  /** Where the vector is taken. */
  readonly take: string;
  /** Where it is put. */
  readonly put: string;
}

function placesOf({ anatomy }: AnalysisModel, { layers, targetLayer }: AskedPatchscope): Place[] {
  const chosen = select("Layer", layers, anatomy.layers);
  const put = (site: string) =>
    targetLayer === undefined
      ? site
      : `layers.${select("Target layer", [targetLayer], anatomy.layers)[0]}`;
  const after = chosen.map((layer) => {
    const site = `layers.${layer}`;
    return { layer, take: site, put: put(site) };
  });
  if (layers) return after;
  const embedding = "layers.0.input";
  return [{ layer: "embedding", take: embedding, put: put(embedding) }, ...after];
}

async function vectorsOf(
  model: AnalysisModel,
  ids: readonly number[],
  position: number,
  places: readonly Place[],
): Promise<MxArray[]> {
  const [at] = select("Position", [position], ids.length, "a prompt");
  const sites = [...new Set(places.map(({ take }) => take))];
  const cache = await model.run([[...ids]], { save: sites });
  return places.map(({ take }) => cache.get(take).index(0, at));
}

/** The mean probability of each place's token when a vector of the same length at random is put in. */
async function nullProbabilities(
  model: AnalysisModel,
  targets: Parameters<typeof runTargets>[1],
  {
    tokens,
    asked,
    read,
  }: {
    readonly tokens: readonly number[];
    readonly asked: AskedPatchscope;
    readonly read: (x: MxArray, followed: number[][], k: number) => Promise<RawCell[]>;
  },
): Promise<number[]> {
  const draws: number[][] = tokens.map(() => []);
  for (let draw = 0; draw < asked.nulls; draw++) {
    asked.signal?.throwIfAborted();
    const rows = targets.rows.map((row, index) => {
      const vector = row.vector as MxArray; // every place has one
      const key = mx.random.key(asked.seed * 1009 + draw * 131 + index);
      const noise = mx.random.normal(vector.shape, mx.float32, 0, 1, key);
      const scale = mx.divide(mx.linalg.norm(vector.astype(mx.float32)), mx.linalg.norm(noise));
      return { ...row, vector: mx.multiply(noise, scale) };
    });
    const end = await runTargets(model, { ...targets, rows });
    const cells = await read(
      end,
      tokens.map((id) => [id]),
      1,
    );
    for (const [index, { followed }] of cells.entries()) draws[index].push(followed[0].probability);
  }
  return draws.map((list) => (list.length > 0 ? mean(list) : Number.NaN));
}

interface Findings {
  readonly places: readonly Place[];
  readonly cells: readonly RawCell[];
  readonly unpatched: readonly FollowedToken[];
  readonly nulls: readonly number[];
  readonly continued: readonly number[][];
}

function arrange(
  model: AnalysisModel,
  { ids, target, answer, asked, notes }: Inspection,
  { places, cells, unpatched, nulls, continued }: Findings,
): PatchscopeResult {
  const layer = places.map((place) => place.layer);
  const rank = range(cells[0].ids.length).map((index) => index + 1);
  const ranked = (unit: "token" | "logits" | "probability", values: number[]) =>
    createGrid({ labels: { layer, rank }, values, unit });
  const single = (unit: "probability" | "rank", values: readonly number[]) =>
    createGrid({ labels: { layer }, values, unit });
  const all = [...new Set(cells.flatMap((cell) => cell.ids))].sort((a, b) => a - b);
  const texts = textOf(model, all);
  const words = continued.map((list) => textOf(model, list).join(""));
  return {
    method: "patchscope",
    asked: askedOf(asked, { target: [...target], answer: answer?.id }),
    fed: [fedOf(model, "prompt", ids, answer && { answer })],
    grids: {
      token: ranked(
        "token",
        cells.flatMap((cell) => [...cell.ids]),
      ),
      logit: ranked(
        "logits",
        cells.flatMap((cell) => [...cell.logits]),
      ),
      probability: ranked(
        "probability",
        cells.flatMap((cell) => [...cell.probabilities]),
      ),
      followedProbability: single("probability", cells.map((cell) => (answer ? cell.followed[0].probability : cell.probabilities[0]))), // biome-ignore format: one line a grid
      followedRank: single(
        "rank",
        cells.map((cell) => (answer ? cell.followed[0].rank : 1)),
      ),
      unpatchedProbability: single(
        "probability",
        unpatched.map(({ probability }) => probability),
      ),
      nullProbability: single("probability", nulls),
    },
    tables: {
      continuations: createTable(["layer", "text"], layer.map((one, index) => ({ layer: one, text: words[index] }))), // biome-ignore format: one line a table
      tokens: createTable(
        ["id", "text"],
        all.map((id, index) => ({ id, text: texts[index] })),
      ),
      target: createTable(
        ["position", "id", "text"],
        positionLabels(model, target).map((label) => ({ ...label })),
      ),
    },
    notes,
    provenance: provenanceOf(model, { seed: asked.seed }),
  };
}
