/** A lens over one batch of prompts: one pass, read layer by layer, with texts added. */
import { type MxArray, mx } from "@mlxterp/mlx";
import type { AnalysisModel } from "../model.js";
import { type OnePrompt, promptIds, promptTokens, type TokenText, textOf } from "../prompts.js";
import { provenanceOf } from "../provenance.js";
import { select } from "../select.js";
import { type RawCell, readLayer } from "./readout.js";
import type { LensCell, LensResult } from "./types.js";

/** Where the residual stream is read. */
export interface Place {
  readonly site: string;
  /** null for the embedding. */
  readonly layer: number | null;
}

interface BatchPlan {
  readonly places: readonly Place[];
  readonly positions: readonly number[] | undefined;
  readonly topK: number;
  readonly tracked: readonly TokenText[] | undefined;
  /** Called with the number of places read. */
  readonly onRow: (rows: number) => void;
  readonly signal: AbortSignal | undefined;
}

/** One pass, then one readout for each place. */
export async function lensBatch(
  model: AnalysisModel,
  batch: readonly OnePrompt[],
  plan: BatchPlan,
): Promise<LensResult[]> {
  const { places, tracked, topK, signal } = plan;
  signal?.throwIfAborted();
  const ids = promptIds(model, batch);
  const positions = ids.map(({ length }) => select("Position", plan.positions, length, "a prompt"));
  const answers = tracked?.map(({ id }) => id);
  const cache = await model.run(ids, { save: places.map(({ site }) => site) });
  const cells: RawCell[][][] = []; // place, prompt, position
  for (const { site } of places) {
    signal?.throwIfAborted();
    const residual = atPositions(cache.get(site), plan.positions && positions);
    cells.push(await readLayer(model.anatomy, residual, topK, answers));
    plan.onRow(cells.length);
  }
  const show = cellPainter(model);
  return ids.map((prompt, index) => ({
    prompt: promptTokens(model, prompt),
    positions: positions[index],
    rows: places.map((place, row) => ({
      ...place,
      cells: cells[row][index].slice(0, positions[index].length).map(show), // without padding
    })),
    ...(tracked && { answer: tracked[index] }),
    provenance: provenanceOf(model, "logitLens"),
  }));
}

/** Each row's chosen positions: (batch, position, hidden) → (batch, chosen, hidden) */
function atPositions(residual: MxArray, chosen: readonly number[][] | undefined): MxArray {
  if (!chosen) return residual;
  const row = mx.arange(0, chosen.length, 1, mx.int32).reshape([-1, 1]);
  return residual.index(row, mx.array([...chosen], mx.int32));
}

/** Adds texts to cells; the text of each token is looked up once. */
function cellPainter(model: AnalysisModel): (cell: RawCell) => LensCell {
  const texts = new Map<number, string>();
  const textFor = (id: number): string => {
    const text = texts.get(id) ?? textOf(model, [id])[0];
    texts.set(id, text);
    return text;
  };
  return ({ ids, logits, probabilities, ...rest }) => ({
    top: ids.map((id, rank) => ({
      id,
      text: textFor(id),
      logit: logits[rank],
      probability: probabilities[rank],
    })),
    ...rest,
  });
}
