/** Causal tracing as blocks: what the noise took, and a map for each kind of what brings it back. */

import {
  type Block,
  divergingAround,
  fedBlocks,
  formatNumber,
  type GridBlock,
  labelKey,
  noteBlocks,
  placesOf,
  readsResult,
  rowsOf,
  text,
  visibleToken,
} from "@mlxterp/results";
import { notThere } from "../shared/not-there.js";
import { strongestCell } from "../shared/strongest.js";
import { tracedKinds } from "./options.js";
import { type TracingResult, tracingShape } from "./result.js";

const titles = {
  residual: "Restoring the residual stream before each layer",
  mlp: "Restoring what MLPs add",
  attention: "Restoring what attention adds",
  mixer: "Restoring what mixers add",
} as const;

export const tracingView = readsResult(tracingShape, (result: TracingResult): Block[] => {
  const { fed, notes, tables, asked } = result;
  const [{ metric, clean, noised }] = tables.baselines.rows;
  const [{ answer }] = fed;
  const about = answer ? ` of ${visibleToken(answer.text)}` : "";
  const line = `${metric}${about}: ${formatNumber(clean)} clean, ${formatNumber(noised)} with noise on ${subjectText(result)}, mean of ${asked.samples} draws.`;
  const maps = tracedKinds.flatMap((kind) => {
    if (!result.grids[kind]) return [];
    const map = tracingGrid(result, kind);
    return [map, text(strongestCell(map, { by: (value) => value, column: "token" }))];
  });
  return [...fedBlocks(fed), ...noteBlocks(notes), text(line), ...maps];
});

function subjectText({ fed: [{ pieces, spans }] }: TracingResult): string {
  const [from, to] = spans![0]; // every trace has its subject
  return pieces.slice(from, to).map(visibleToken).join(" ");
}

/**
 * Layers × tokens: how much of the answer a restored state brings back; tokens of the subject are marked.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for a kind that was not traced
 * @example
 * const trace = await causalTracing(model, "the capital of France is", { subject: "France", samples: 2 });
 * tracingGrid(trace, "residual").kind; // "grid"
 */
export const tracingGrid = readsResult(
  tracingShape,
  (result: TracingResult, kind: keyof typeof titles): GridBlock => {
    const effect = result.grids[kind];
    if (!effect) throw notThere(kind, result.grids);
    const { asked, fed } = result;
    const [{ spans, pieces }] = fed;
    const [from, to] = spans![0];
    const columns = effect.labels.token.map((label) => {
      const at = Number(labelKey(label));
      return `${visibleToken(pieces[at])}${at >= from && at < to ? "*" : ""}`;
    });
    const severed = asked.severed === "none" ? "" : `, ${asked.severed} severed`;
    const window = kind === "residual" ? severed : `, ${asked.window} layers together`;
    return {
      kind: "grid",
      title: titles[kind],
      subtitle: `Causal tracing${window}; * is the subject`,
      rowTitle: "restored in",
      columnTitle: "token",
      rows: effect.labels.layer.map((layer) => `layer ${layer}`),
      columns,
      values: rowsOf(effect),
      rowPlaces: placesOf(effect, "layer"),
      columnPlaces: { ...placesOf(effect, "token"), axis: "position" },
      scale: divergingAround(effect.values, 0, 0.05),
      legend: "effect: 0 as with noise, 1 as without",
      unit: "positions",
    };
  },
);
