/** Activation patching as a picture. */
import type { PatchColumn, PatchingMatrix, PatchingPair, PatchingResult } from "@mlxterp/analysis";
import { divergingAround } from "../colours.js";
import { heatMap } from "../heat-map.js";
import { formatCell, formatNumber, visibleToken } from "../text.js";

export interface PatchingFigureOptions {
  readonly title?: string;
  /** Which of the result's matrices. Default: the first. */
  readonly matrix?: number;
}

const titles: Readonly<Record<PatchingMatrix["kind"], string>> = {
  residual: "Patching the residual stream before each layer",
  attention: "Patching what attention adds",
  mlp: "Patching what the MLP adds",
  head: "Patching single heads",
};

/**
 * Layers × positions (or heads): the normalized effect of each patch, pale where the patch changes nothing.
 *
 * @returns an SVG document
 * @throws RangeError for a matrix that the result does not have
 * @example
 * const figures = patching.matrices.map((_, matrix) => patchingFigure(patching, { matrix }));
 */
export function patchingFigure(
  result: PatchingResult,
  options: PatchingFigureOptions = {},
): string {
  const { matrix: index = 0 } = options;
  const matrix = result.matrices[index];
  if (!matrix) {
    throw new RangeError(`There are ${result.matrices.length} matrices; ${index} is not one.`);
  }
  const { kind, layers, columns, raw, normalized } = matrix;
  const labels = columns.map((column) => columnLabel(column, result.pairs));
  const unchanged = result.direction === "denoising" ? 0 : 1;
  const texts = normalized.map((row) => row.map(formatCell));
  return heatMap({
    title: options.title ?? titles[kind],
    subtitle: subtitleOf(result),
    columns: labels,
    rows: layers.map((layer) => `layer ${layer}`),
    values: normalized,
    texts,
    describe: (row, column) =>
      `layer ${layers[row]}, ${labels[column]}\neffect ${formatNumber(normalized[row][column])}\n${result.metric} ${formatNumber(raw[row][column])}`,
    columnTitle: columnTitle(columns),
    rowTitle: "patched in",
    scale: divergingAround(normalized.flat(), unchanged, 0.05),
    legend: "effect: 0 as corrupted, 1 as clean",
    cellWidth: 48,
  });
}

function subtitleOf({ direction, metric, baseline, pairs }: PatchingResult): string {
  const [{ answer, wrongAnswer }] = pairs;
  const tokens = [answer, ...(wrongAnswer ? [wrongAnswer] : [])].map(({ text }) =>
    visibleToken(text),
  );
  const about =
    pairs.length === 1 ? ` of ${tokens.join(" − ")}` : `, mean of ${pairs.length} pairs`;
  const into = direction === "denoising" ? "clean into corrupted" : "corrupted into clean";
  return `${into}; ${metric}${about}: ${formatNumber(baseline.clean)} clean, ${formatNumber(baseline.corrupted)} corrupted`;
}

/** A position shows both prompts' tokens where they differ; of several pairs only its number. */
function columnLabel({ head, position }: PatchColumn, pairs: readonly PatchingPair[]): string {
  const parts = head === null ? [] : [`head ${head}`];
  if (position === null) return parts[0] ?? "all positions";
  if (pairs.length > 1) return [...parts, `${position}`].join(" ");
  const [{ clean, corrupted }] = pairs;
  const [own, other] = [clean, corrupted].map(({ pieces }) => visibleToken(pieces[position]));
  return [...parts, own === other ? own : `${own}/${other}`].join(" ");
}

function columnTitle(columns: readonly PatchColumn[]): string {
  const [{ head, position }] = columns;
  if (head === null) return position === null ? "" : "position (clean / corrupted token)";
  return position === null ? "all positions at once" : "head, position";
}
