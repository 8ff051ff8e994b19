/** The logit lens as blocks: what each layer would say at each position, and the last position in detail. */
import {
  type Block,
  type Cell,
  fedBlocks,
  formatNumber,
  formatPercent,
  type Grid,
  type GridBlock,
  type LinesBlock,
  labelText,
  noteBlocks,
  placesOf,
  readsResult,
  section,
  visibleToken,
} from "@mlxterp/results";
import { type LensCell, type LensResult, type LensRow, lensRows, lensShape } from "./result.js";

export const lensView = readsResult(lensShape, (result: LensResult): Block[] => {
  const rows = lensRows(result);
  const positions = result.grids.entropy.labels.position.map(labelText);
  const trajectories = lensTrajectories(result);
  return [
    ...fedBlocks(result.fed),
    ...noteBlocks(result.notes),
    lensGrid(result),
    ...(trajectories ? [{ ...trajectories, only: "page" as const }] : []),
    section(`At the last position read, after "${positions.at(-1)}"`, lastPosition(rows, result)),
  ];
});

function rowName({ layer }: LensRow): string {
  return layer === null ? "embedding" : `layer ${layer}`;
}

function followed({ fed }: LensResult): { id: number; text: string } | undefined {
  const { answer } = fed[0];
  return answer && { id: answer.id, text: visibleToken(answer.text) };
}

/**
 * Layers × positions: each cell holds its most likely token, coloured by that token's probability, or by that of the
 * answer if one was followed.
 *
 * @example
 * lensGrid(readout).kind; // "grid"
 */
export const lensGrid = readsResult(lensShape, (result: LensResult): GridBlock => {
  const rows = lensRows(result);
  const answer = followed(result);
  return {
    kind: "grid",
    title: "Logit lens: what each layer would predict",
    subtitle: `Cells show the most likely next token; colour is ${answer ? `the probability of ${answer.text}` : "its probability"}`,
    rowTitle: "residual stream after",
    columnTitle: "token read at",
    rows: rows.map(rowName),
    columns: result.grids.entropy.labels.position.map(labelText),
    values: rows.map(({ cells }) =>
      cells.map((cell) => cell.answer?.probability ?? cell.top[0].probability),
    ),
    cells: rows.map(({ cells }) => cells.map((cell) => gridCell(cell, answer?.id))),
    details: rows.map(({ cells }) => cells.map((cell) => describe(cell, answer?.text))),
    scale: { kind: "sequential", domain: [0, 1] },
    legend: answer ? `probability of ${answer.text}` : "probability of the token shown",
    alternatives: rows.map(({ cells }) =>
      cells.map(({ top }) =>
        top.map(({ text, probability }) => ({ text: visibleToken(text), probability })),
      ),
    ),
    rowPlaces: placesOf(result.grids.entropy, "layer"),
    columnPlaces: placesOf(result.grids.entropy, "position"),
    unit: "positions",
  };
});

/**
 * How tokens rise through the layers at the last position read: the answer and those followed, or without any the entropy and,
 * where it was asked, the way that is left to the final prediction.
 *
 * @returns undefined for a result that followed nothing
 * @example
 * const risen = await logitLens(model, "the capital of France is", { follow: ["Paris", "Rome"], positions: [-1] });
 * lensTrajectories(risen)?.lines.map(({ label }) => label.trim()); // ["Paris", "Rome"]
 */
export const lensTrajectories = readsResult(
  lensShape,
  (result: LensResult): LinesBlock | undefined => {
    const { grids } = result;
    const { layer, position } = grids.entropy.labels;
    const last = position.length - 1;
    const line = (label: string, grid: Grid, at: (row: number) => number) => ({
      label,
      values: layer.map((_, row) => grid.values[at(row)]),
    });
    const single = (row: number) => row * position.length + last;
    const answer = followed(result);
    const count = grids.followedProbability?.labels.followed.length ?? 0;
    const lines = [
      ...(answer && grids.answerProbability
        ? [line(answer.text, grids.answerProbability, single)]
        : []),
      ...Array.from({ length: count }, (_, index) => {
        const grid = grids.followedProbability!;
        const label = labelText(grid.labels.followed[index]);
        return line(label, grid, (row) => single(row) * count + index);
      }),
    ];
    const far = grids.divergence && line("nats to the final prediction", grids.divergence, single);
    if (lines.length === 0 && !far) return undefined;
    return {
      kind: "lines",
      title: lines.length > 0 ? "How tokens rise" : "What is left to the final prediction",
      subtitle: `After "${labelText(position[last])}"`,
      xTitle: "residual stream after",
      yTitle: lines.length > 0 ? "probability" : "KL divergence, nats",
      x: layer.map((one) => labelText(one)),
      lines: lines.length > 0 ? lines : [far!],
    };
  },
);

function gridCell({ top: [best] }: LensCell, answer: number | undefined): Cell {
  const text = visibleToken(best.text);
  if (best.id === answer) return { text, tone: "strong" };
  return best.probability < 0.3 ? { text, tone: "quiet" } : text;
}

function describe(
  { top, entropy, answer, divergence }: LensCell,
  followedText: string | undefined,
): string {
  const lines = top.map(
    ({ text, probability, logit }) =>
      `${visibleToken(text)}  ${formatPercent(probability)}  (logit ${formatNumber(logit)})`,
  );
  if (answer) {
    lines.push(
      `${followedText}: rank ${answer.rank}, probability ${formatPercent(answer.probability)}`,
    );
  }
  lines.push(`entropy ${formatNumber(entropy)} nats`);
  if (divergence !== undefined) lines.push(`${formatNumber(divergence)} nats to the end`);
  return lines.join("\n");
}

function lastPosition(rows: readonly LensRow[], result: LensResult): Block {
  const answer = followed(result);
  const ranks = result.grids.token.labels.rank.map((rank) => ({ title: labelText(rank) }));
  return {
    kind: "table",
    columns: [
      { title: "after" },
      ...(answer ? [{ title: `rank of ${answer.text}`, align: "right" as const }] : []),
      ...ranks,
    ],
    rows: rows.map((row) => [rowName(row), ...lastCells(row.cells[row.cells.length - 1])]),
    fixed: answer ? 2 : 1,
    unit: "ranks",
  };
}

function lastCells({ top, answer }: LensCell): string[] {
  return [
    ...(answer ? [`${answer.rank} (${formatPercent(answer.probability)})`] : []),
    ...top.map(({ text, probability }) => `${visibleToken(text)} ${formatPercent(probability)}`),
  ];
}
