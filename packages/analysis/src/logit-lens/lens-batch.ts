/** A lens over one batch of prompts: one pass, read layer by layer, arranged as one result for each prompt. */
import { notFiniteError, provenanceOf } from "@mlxterp/core";
import { evaluate, type MxArray, mx } from "@mlxterp/mlx";
import {
  createGrid,
  createTable,
  type ParsedOptions,
  type TokenText,
  type Unit,
} from "@mlxterp/results";
import type { LensTranslators } from "../lens-translators/lens-translators.js";
import type { ResolvedAnswer } from "../shared/answers.js";
import { askedOf } from "../shared/asked.js";
import type { AnalysisModel } from "../shared/model.js";
import { fedOf, type OnePrompt, positionLabels, promptIds, textOf } from "../shared/prompts.js";
import { select } from "../shared/select.js";
import type { lensOptions } from "./options.js";
import { type FollowedToken, finalPrediction, type RawCell, readLayers } from "./readout.js";
import type { LensGrids, LensResult, LensTables } from "./result.js";

/** Where the residual stream is read. */
export interface Place {
  readonly site: string;
  /** `embedding`, or the number of the layer. */
  readonly layer: number | string;
}

interface BatchPlan {
  readonly places: readonly Place[];
  readonly tracked: readonly ResolvedAnswer[] | undefined;
  /** Followed in every prompt. */
  readonly follow: readonly TokenText[];
  readonly translators: LensTranslators | undefined;
  /** Called with the number of places read. */
  readonly onRow: (rows: number) => void;
  readonly asked: ParsedOptions<typeof lensOptions>;
}

/** One pass, then one readout for each place. */
export async function lensBatch(
  model: AnalysisModel,
  batch: readonly OnePrompt[],
  plan: BatchPlan,
): Promise<LensResult[]> {
  const { places, tracked, asked } = plan;
  asked.signal?.throwIfAborted();
  const ids = promptIds(model, batch);
  const positions = ids.map(({ length }) =>
    select("Position", asked.positions, length, "a prompt"),
  );
  const followed = ids.map((_, index) => [
    ...(tracked ? [tracked[index].token.id] : []),
    ...plan.follow.map(({ id }) => id),
  ]);
  const last = `layers.${model.anatomy.layers - 1}`;
  const sites = new Set(places.map(({ site }) => site));
  const cache = await model.run(ids, { save: [...sites, ...(asked.kl ? [last] : [])] });
  // a view's edits know positions: they must see all of them
  const early = model.edits.length === 0 ? asked.positions : undefined;
  const chosen = (site: string) => atPositions(cache.get(site), early && positions);
  const final = asked.kl ? finalPrediction(model.anatomy, chosen(last)) : undefined;
  if (final) await evaluate([final]);
  const cells: RawCell[][][] = []; // place, prompt, position
  const stream = ({ site, layer }: Place) => {
    const depth = typeof layer === "number" ? layer + 1 : 0;
    return plan.translators?.apply(chosen(site), depth) ?? chosen(site);
  };
  const shown = (row: readonly RawCell[], own: readonly number[]) =>
    early ? row.slice(0, own.length) : own.map((at) => row[at]); // without padding
  const width = Math.max(...(early ? positions : ids).map(({ length }) => length));
  for (const group of groupsOf(model, places, batch.length * width)) {
    asked.signal?.throwIfAborted();
    const streams = group.map(stream);
    const read = await readLayers(model.anatomy, streams, asked.topK, { followed, final });
    for (const [at, rows] of read.entries()) {
      cells.push(rows.map((row, index) => shown(row, positions[index])));
      await checkFinite(model, ids, cells[cells.length - 1], group[at].site);
      plan.onRow(cells.length);
    }
  }
  return ids.map((prompt, index): LensResult => {
    const answer = tracked?.[index];
    const own = cells.map((rows) => rows[index]); // place, position
    return {
      method: "lens",
      asked: askedOf(asked, {
        answer: answer?.token.id,
        follow: asked.follow && plan.follow.map(({ id }) => id),
        translators: plan.translators?.toJSON(),
      }),
      fed: [fedOf(model, "prompt", prompt, answer && { answer: answer.token })],
      grids: gridsOf(own, places, positionLabels(model, prompt, positions[index]), {
        hasAnswer: answer !== undefined,
        follow: plan.follow,
      }),
      tables: tablesOf(model, own, places),
      notes: answer?.notes ?? [],
      provenance: provenanceOf(model),
    };
  });
}

/**
 * Places that are read with one product: as many as have 128 rows together, after which a row takes no less. Products of another
 * height may round otherwise, so the last layer is alone: what it says is what the model says, to the bit. So is each place under
 * a view's edits, which may be for rows of the batch.
 */
function groupsOf(model: AnalysisModel, places: readonly Place[], rows: number): Place[][] {
  const most = model.edits.length > 0 ? 1 : Math.max(1, Math.floor(128 / rows));
  const isLast = ({ layer }: Place) => layer === model.anatomy.layers - 1;
  const groups: Place[][] = [];
  for (const place of places) {
    const group = groups[groups.length - 1];
    const joins = group && group.length < most && !isLast(group[0]) && !isLast(place);
    if (joins) group.push(place);
    else groups.push([place]);
  }
  return groups;
}

/** A rank among numbers that are none would be a lie. */
async function checkFinite(
  model: AnalysisModel,
  ids: readonly (readonly number[])[],
  rows: readonly (readonly RawCell[])[],
  site: string,
): Promise<void> {
  for (const [index, cells] of rows.entries()) {
    for (const { entropy, logits } of cells) {
      if (Number.isFinite(entropy) && Number.isFinite(logits[0])) continue;
      throw await notFiniteError(`Logits read from "${site}"`, model, [ids[index]]);
    }
  }
}

/** Each row's chosen positions: (batch, position, hidden) → (batch, chosen, hidden) */
function atPositions(residual: MxArray, chosen: readonly number[][] | undefined): MxArray {
  if (!chosen) return residual;
  const row = mx.arange(0, chosen.length, 1, mx.int32).reshape([-1, 1]);
  return residual.index(row, mx.array([...chosen], mx.int32));
}

type PositionLabels = ReturnType<typeof positionLabels>;

interface Followed {
  /** Whether the first of the followed tokens is the answer. */
  readonly hasAnswer: boolean;
  readonly follow: readonly TokenText[];
}

/** @param cells of one prompt, by place and position */
function gridsOf(
  cells: readonly (readonly RawCell[])[],
  places: readonly Place[],
  position: PositionLabels,
  { hasAnswer, follow }: Followed,
): LensGrids {
  const layer = places.map((place) => place.layer);
  const flat = cells.flat();
  const rank = flat[0].ids.map((_, index) => index + 1);
  const ranked = (unit: Unit, pick: (cell: RawCell) => readonly number[]) =>
    createGrid({ labels: { layer, position, rank }, values: flat.flatMap(pick), unit });
  const single = (unit: Unit, pick: (cell: RawCell) => number) =>
    createGrid({ labels: { layer, position }, values: flat.map(pick), unit });
  return {
    token: ranked("token", ({ ids }) => ids),
    logit: ranked("logits", ({ logits }) => logits),
    probability: ranked("probability", ({ probabilities }) => probabilities),
    entropy: single("nats", ({ entropy }) => entropy),
    ...(flat[0].divergence !== undefined && {
      divergence: single("nats", ({ divergence }) => divergence ?? Number.NaN),
    }),
    ...(hasAnswer && {
      answerRank: single("rank", ({ followed: [answer] }) => answer.rank),
      answerLogit: single("logits", ({ followed: [answer] }) => answer.logit),
      answerProbability: single("probability", ({ followed: [answer] }) => answer.probability),
    }),
    ...(follow.length > 0 && followedGrids(flat, { layer, position }, { hasAnswer, follow })),
  };
}

function followedGrids(
  cells: readonly RawCell[],
  labels: { readonly layer: readonly (number | string)[]; readonly position: PositionLabels },
  { hasAnswer, follow }: Followed,
) {
  const followed = followedLabels(follow);
  const grid = (unit: Unit, pick: (one: FollowedToken) => number) =>
    createGrid({
      labels: { ...labels, followed },
      values: cells.flatMap((cell) => cell.followed.slice(hasAnswer ? 1 : 0).map(pick)),
      unit,
    });
  return {
    followedRank: grid("rank", ({ rank }) => rank),
    followedLogit: grid("logits", ({ logit }) => logit),
    followedProbability: grid("probability", ({ probability }) => probability),
  };
}

/** Their texts, with the id where two have the same. */
function followedLabels(follow: readonly TokenText[]): string[] {
  const texts = follow.map(({ text }) => text);
  return follow.map(({ id, text }) =>
    texts.filter((one) => one === text).length > 1 ? `${text} (${id})` : text,
  );
}

function tablesOf(
  model: AnalysisModel,
  cells: readonly (readonly RawCell[])[],
  places: readonly Place[],
): LensTables {
  const ids = [...new Set(cells.flat().flatMap((cell) => cell.ids))].sort((a, b) => a - b);
  const texts = textOf(model, ids);
  return {
    tokens: createTable(
      ["id", "text"],
      ids.map((id, index) => ({ id, text: texts[index] })),
    ),
    sites: createTable(
      ["layer", "site"],
      places.map(({ layer, site }) => ({ layer, site })),
    ),
  };
}
