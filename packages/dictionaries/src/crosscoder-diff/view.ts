/** A comparison by a crosscoder as blocks: where features belong, and those of one alone. */
import {
  type Block,
  fedBlocks,
  formatNumber,
  formatPercent,
  noteBlocks,
  readsResult,
  text,
  visibleToken,
} from "@mlxterp/results";
import { type ComparedFeature, type CrosscoderDiffResult, crosscoderDiffShape } from "./result.js";

const bins = 20;
const shownFeatures = 20;

export const crosscoderDiffView = readsResult(
  crosscoderDiffShape,
  ({ fed, notes, tables, asked }: CrosscoderDiffResult): Block[] => {
    const [counts] = tables.counts.rows;
    const { first, second, shared, firstAlone, secondAlone, between, confirmed } = counts;
    const most = typeof asked.top === "number" ? asked.top : shownFeatures;
    const strongest = [...tables.features.rows]
      .filter(({ density }) => density > 0)
      .sort((a, b) => rankOf(b) - rankOf(a) || b.activation - a.activation);
    return [
      ...fedBlocks(fed),
      ...noteBlocks(notes),
      text(
        `${first} and ${second}: ${shared} features shared, ${firstAlone} of the first alone, ${secondAlone} of the second, ${between} between; ${confirmed} of those alone are confirmed. Explained ${formatPercent(counts.explainedFirst)} and ${formatPercent(counts.explainedSecond)}, ${counts.on} of ${counts.features} on.`,
      ),
      {
        kind: "histogram",
        title: "Where features belong",
        subtitle: "0: the first alone, 1: the second alone",
        axis: "share of the second in the decoder norms",
        ...histogramOf(tables.features.rows),
      },
      {
        kind: "table",
        caption: "Features that are on: confirmed ones of one alone first",
        columns: [
          { title: "feature", align: "right" },
          { title: "belongs" },
          { title: "share", align: "right" },
          { title: "scaling", align: "right" },
          { title: "by chance", align: "right" },
          { title: "on most at" },
          { title: "activation", align: "right" },
        ],
        rows: strongest.slice(0, most).map(rowOf),
      },
    ];
  },
);

function rankOf({ confirmed, place }: ComparedFeature): number {
  return confirmed ? 2 : place === "first" || place === "second" ? 1 : 0;
}

function rowOf(row: ComparedFeature): string[] {
  const number = (value: number | null) => (value === null ? "" : formatNumber(value));
  return [
    ...[String(row.feature), row.confirmed ? `${row.place}, confirmed` : row.place],
    ...[formatNumber(row.relativeNorm), number(row.scaling), number(row.scalingByChance)],
    ...[row.token === null ? "" : visibleToken(row.token), formatNumber(row.activation)],
  ];
}

function histogramOf(features: readonly ComparedFeature[]): {
  readonly edges: number[];
  readonly counts: number[];
} {
  const counts = new Array<number>(bins).fill(0);
  for (const { relativeNorm } of features)
    counts[Math.min(bins - 1, Math.floor(relativeNorm * bins))]++;
  return { edges: Array.from({ length: bins + 1 }, (_, at) => at / bins), counts };
}
