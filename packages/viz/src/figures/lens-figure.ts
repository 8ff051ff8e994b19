/** The logit lens as a picture: what each layer would say at each position. */
import type { LensCell, LensResult } from "@mlxterp/analysis";
import { heatMap } from "../heat-map.js";
import { formatNumber, visibleToken } from "../text.js";

export interface LensFigureOptions {
  readonly title?: string;
}

/**
 * Layers × positions: each cell holds its most likely token, coloured by that token's probability, or by the
 * probability of the answer if one was followed.
 *
 * @returns an SVG document
 * @example
 * const svg = lensFigure(await logitLens(model, "The capital of France is"));
 */
export function lensFigure(result: LensResult, options: LensFigureOptions = {}): string {
  const { prompt, positions, rows, answer } = result;
  const followed = answer && visibleToken(answer.text);
  const shade = (cell: LensCell) => cell.answer?.probability ?? cell.top[0].probability;
  return heatMap({
    title: options.title ?? "Logit lens: what each layer would predict",
    subtitle: followed
      ? `Cells show the most likely next token; colour is the probability of ${followed}`
      : "Cells show the most likely next token; colour is its probability",
    columns: positions.map((position) => visibleToken(prompt.pieces[position])),
    rows: rows.map(({ layer }) => (layer === null ? "embedding" : `layer ${layer}`)),
    values: rows.map(({ cells }) => cells.map(shade)),
    texts: rows.map(({ cells }) => cells.map(({ top }) => visibleToken(top[0].text))),
    describe: (row, column) => describeCell(rows[row].cells[column], followed),
    columnTitle: "token read at",
    rowTitle: "residual stream after",
    scale: { kind: "sequential", domain: [0, 1] },
    legend: followed ? `probability of ${followed}` : "probability of the token shown",
    cellWidth: 62,
  });
}

function describeCell({ top, entropy, answer }: LensCell, followed: string | undefined): string {
  const lines = top.map(
    ({ text, probability, logit }) =>
      `${visibleToken(text)}  ${formatNumber(probability)}  (logit ${formatNumber(logit)})`,
  );
  if (answer) {
    lines.push(`${followed}: rank ${answer.rank}, probability ${formatNumber(answer.probability)}`);
  }
  return [...lines, `entropy ${formatNumber(entropy)} nats`].join("\n");
}
