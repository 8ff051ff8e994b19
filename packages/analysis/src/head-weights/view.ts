/** Heads' weights as blocks: a table of heads, maps of composition, and directions as tokens. */
import {
  type Block,
  type Cell,
  checkChoice,
  formatCell,
  type GridBlock,
  labelText,
  noteBlocks,
  readsResult,
  rowsOf,
  section,
  sliceOf,
  type TableBlock,
} from "@mlxterp/results";
import { type HeadWeightsResult, headWeightsShape } from "./result.js";

const scores = ["copying", "keeping", "ownToken", "matching", "successor"] as const;

const titles: Readonly<Record<(typeof scores)[number], string>> = {
  copying: "copying",
  keeping: "keeping",
  ownToken: "own token",
  matching: "matching",
  successor: "successor",
};

export const headWeightsView = readsResult(
  headWeightsShape,
  (result: HeadWeightsResult): Block[] => {
    const kinds = result.grids.composition.labels.kind.map(labelText);
    return [
      ...noteBlocks(result.notes),
      section("Heads", headWeightsTable(result)),
      section("By chance", chanceTable(result)),
      section("Strongest composition", strongest(result)),
      ...(result.tables.directions.rows.length > 0
        ? [section("Directions", directions(result))]
        : []),
      ...kinds.map((kind): Block => ({ ...compositionGrid(result, kind), only: "page" })),
    ];
  },
);

/**
 * A row for each head, with what is above every random head in bold.
 *
 * @example
 * headWeightsTable(await headWeights(model, undefined, { sampleTokens: 50 })).kind; // "table"
 */
export const headWeightsTable = readsResult(
  headWeightsShape,
  ({ grids, tables }: HeadWeightsResult): TableBlock => {
    const shown = scores.filter((score) => grids[score]);
    const chance = new Map(tables.chance.rows.map(({ score, highest }) => [score, highest]));
    const { layer, head } = grids.copying.labels;
    const cell = (score: (typeof scores)[number], at: number): Cell => {
      const value = grids[score]?.values[at] ?? Number.NaN;
      const text = formatCell(value);
      return value > (chance.get(score) ?? 0) ? { text, tone: "strong" } : { text, tone: "quiet" };
    };
    return {
      kind: "table",
      columns: [
        { title: "head" },
        ...shown.map((score) => ({ title: titles[score], align: "right" as const })),
      ],
      rows: layer.flatMap((one, row) =>
        head.map((other, column) => [
          `${labelText(one)}.${labelText(other)}`,
          ...shown.map((score) => cell(score, row * head.length + column)),
        ]),
      ),
    };
  },
);

function chanceTable({ tables }: HeadWeightsResult): TableBlock {
  return {
    kind: "table",
    columns: [
      { title: "random heads" },
      { title: "mean", align: "right" },
      { title: "highest", align: "right" },
    ],
    rows: tables.chance.rows.map(({ score, mean, highest }) => [
      score,
      formatCell(mean),
      formatCell(highest),
    ]),
  };
}

function strongest({ grids: { composition } }: HeadWeightsResult): TableBlock {
  const { kind, writer, reader } = composition.labels;
  const all = [...composition.values].map((value, at) => ({
    value,
    kind: kind[Math.floor(at / (writer.length * reader.length))],
    writer: writer[Math.floor(at / reader.length) % writer.length],
    reader: reader[at % reader.length],
  }));
  const top = all.sort((a, b) => b.value - a.value).slice(0, 8);
  return {
    kind: "table",
    columns: [{ title: "writes" }, { title: "reads" }, { title: "as" }, { title: "share", align: "right" }],
    rows: top.map((one) => [labelText(one.writer), labelText(one.reader), labelText(one.kind), formatCell(one.value)]),
    fixed: 2,
  }; // biome-ignore format: two tables
}

function directions({ tables }: HeadWeightsResult): TableBlock {
  return {
    kind: "table",
    columns: [{ title: "head" }, { title: "share", align: "right" }, { title: "reads" }, { title: "writes" }],
    rows: tables.directions.rows.map(({ head, share, reads, writes }) => [head, formatCell(share), reads, writes]),
    fixed: 2,
    widest: 48,
  }; // biome-ignore format: two tables
}

/**
 * Writers × readers of one kind of composition.
 *
 * @example
 * compositionGrid(await headWeights(model, undefined, { sampleTokens: 50 }), "key").kind; // "grid"
 */
export const compositionGrid = readsResult(
  headWeightsShape,
  ({ grids }: HeadWeightsResult, kind: string): GridBlock => {
    const { writer, reader } = grids.composition.labels;
    checkChoice("kind", kind, grids.composition.labels.kind.map(labelText));
    const values = sliceOf(grids.composition, { kind });
    const rows = rowsOf({
      axes: ["writer", "reader"],
      labels: { writer, reader },
      values,
      unit: "share",
    });
    return {
      kind: "grid",
      title: `What is read as ${kind}`,
      rowTitle: "head that writes",
      columnTitle: "head that reads",
      rows: writer.map(labelText),
      columns: reader.map(labelText),
      values: rows.map((row) => row.map((value) => (value === 0 ? null : value))),
      scale: { kind: "sequential", domain: [0, Math.max(...values, 1e-6)] },
      legend: "composition",
      unit: "heads",
    };
  },
);
