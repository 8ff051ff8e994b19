/** What activation patching found, for terminals and pages. */
import type { PatchColumn, PatchingMatrix, PatchingResult } from "@mlxterp/analysis";
import { type Block, figure, heading, paragraph, table } from "./blocks.js";
import { formatShort } from "./numbers.js";
import { tokensBlock } from "./prompt.js";
import type { Cell } from "./table.js";
import { visibleToken } from "./text.js";

/** The pair, the baselines and a grid for each kind. */
export function patchBlocks(result: PatchingResult): Block[] {
  const [pair] = result.pairs;
  const { baseline } = pair;
  const lead = pair.wrongAnswer
    ? `${visibleToken(pair.answer.text)} against ${visibleToken(pair.wrongAnswer.text)}`
    : visibleToken(pair.answer.text);
  const into = result.direction === "denoising" ? "clean into corrupted" : "corrupted into clean";
  return [
    tokensBlock(pair.clean.pieces, "Clean"),
    tokensBlock(pair.corrupted.pieces, "Corrupted"),
    paragraph(
      `${result.metric} of ${lead}: ${formatShort(baseline.clean)} clean, ${formatShort(baseline.corrupted)} corrupted. Patched ${into}; 0 is the corrupted run, 1 the clean run.`,
    ),
    ...result.matrices.flatMap((matrix, index) => [
      ...matrixBlocks(matrix, result),
      figure(async () => (await import("@mlxterp/viz")).patchingFigure(result, { matrix: index })),
    ]),
  ];
}

const kindTitles: Readonly<Record<PatchingMatrix["kind"], string>> = {
  residual: "Residual stream before each layer, by position",
  attention: "What attention adds, by position",
  mlp: "What the MLP adds, by position",
  head: "Single heads, at all positions",
};

function matrixBlocks(matrix: PatchingMatrix, result: PatchingResult): Block[] {
  const titles = matrix.columns.map((column) => columnTitle(column, result));
  return [
    heading(kindTitles[matrix.kind]),
    table({
      columns: [{ title: "layer" }, ...titles.map((title) => ({ title, align: "right" as const }))],
      rows: matrix.layers.map((layer, row) => [
        `${layer}`,
        ...matrix.normalized[row].map((value) => effectCell(value, result.direction)),
      ]),
      screenOnly: true,
      unit: matrix.kind === "head" ? "heads" : "positions",
      widest: 11,
    }),
    paragraph(strongest(matrix, titles, result.direction)),
  ];
}

/** A head's number, or the token at a position; both tokens where the prompts differ. */
function columnTitle({ position, head }: PatchColumn, { pairs: [pair] }: PatchingResult): string {
  if (head !== null) return `head ${head}`;
  if (position === null) return "all";
  const [here, there] = [pair.clean, pair.corrupted].map(({ pieces }) =>
    visibleToken(pieces[position]),
  );
  return here === there ? here : `${here}/${there}`;
}

/** How far a patch moves the run it is made in: 0 not at all, 1 all the way. */
function movement(value: number, direction: PatchingResult["direction"]): number {
  return direction === "denoising" ? value : 1 - value;
}

function effectCell(value: number, direction: PatchingResult["direction"]): Cell {
  const moved = movement(value, direction);
  const text = formatShort(value);
  if (moved >= 0.5) return { text, style: ["bold", "green"] };
  if (moved <= -0.1) return { text, style: "red" };
  return Math.abs(moved) < 0.05 ? { text, style: "dim" } : text;
}

function strongest(
  { normalized, layers, columns }: PatchingMatrix,
  titles: readonly string[],
  direction: PatchingResult["direction"],
): string {
  const cells = normalized.flatMap((row, layer) =>
    row.map((value, column) => ({ value, layer, column })),
  );
  const best = cells.reduce((a, b) =>
    movement(b.value, direction) > movement(a.value, direction) ? b : a,
  );
  const { position } = columns[best.column];
  const title = titles[best.column];
  const place = position === null ? title : `"${title}" (${position})`;
  return `Strongest: layer ${layers[best.layer]}, ${place}: ${formatShort(best.value)}.`;
}
