/** Site statistics as blocks: one line for each value. */
import {
  type Block,
  fedBlocks,
  formatNumber,
  noteBlocks,
  readsResult,
  type TableBlock,
} from "@mlxterp/results";
import {
  type SiteStatistics,
  type SiteStatisticsResult,
  siteStatisticsShape,
  statisticsRows,
} from "./result.js";

export const siteStatisticsView = readsResult(
  siteStatisticsShape,
  (result: SiteStatisticsResult): Block[] => {
    return [...fedBlocks(result.fed), ...noteBlocks(result.notes), statisticsTable(result)];
  },
);

/**
 * The numbers of every site.
 *
 * @example
 * statisticsTable(await siteStatistics(model, prompt)).columns[0].title; // "site"
 */
export const statisticsTable = readsResult(
  siteStatisticsShape,
  (result: SiteStatisticsResult): TableBlock => {
    return {
      kind: "table",
      columns: [
        ...[{ title: "site" }, { title: "shape" }],
        ...["mean", "std", "min", "max", "norm at last"].map(
          (title) => ({ title, align: "right" }) as const,
        ),
      ],
      rows: statisticsRows(result).map(rowOf),
      widest: 40,
    };
  },
);

function rowOf(value: SiteStatistics): string[] {
  const { site, shape, mean, standardDeviation, minimum, maximum, lastNorm } = value;
  const norm = lastNorm === null ? "" : formatNumber(lastNorm);
  const numbers = [mean, standardDeviation, minimum, maximum].map(formatNumber);
  return [site, `[${shape.join(", ")}]`, ...numbers, norm];
}
