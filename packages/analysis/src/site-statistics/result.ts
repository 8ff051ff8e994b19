/** What site statistics answer: one row for each value, in the order in which a pass makes them. */
import type { Axes } from "@mlxterp/core";
import { type Result, type ResultShape, readsResult, type Table } from "@mlxterp/results";

export type SiteStatisticsTables = {
  readonly sites: Table<{
    /** With `#1` and so on for further calls of a module in one pass. */
    readonly site: string;
    /** Sizes with commas between them; "" for a single number. */
    readonly shape: string;
    /** Names with commas between them; null where they are not known. */
    readonly axes: string | null;
    readonly dtype: string;
    readonly mean: number;
    readonly standardDeviation: number;
    readonly minimum: number;
    readonly maximum: number;
    /** Euclidean, over everything at the prompt's last token; null where the value has no positions. */
    readonly lastNorm: number | null;
  }>;
};

export type SiteStatisticsResult = Result<"statistics", Record<never, never>, SiteStatisticsTables>;

/** What it has at run time. */
export const siteStatisticsShape: ResultShape<SiteStatisticsResult> = {
  method: "statistics",
  grids: {},
  tables: {
    sites: {
      site: "text",
      shape: "text",
      axes: ["text", "null"],
      dtype: "text",
      mean: "number",
      standardDeviation: "number",
      minimum: "number",
      maximum: "number",
      lastNorm: ["number", "null"],
    },
  },
};

/** One site's value in numbers. */
export interface SiteStatistics {
  readonly site: string;
  readonly shape: readonly number[];
  readonly axes: Axes | undefined;
  readonly dtype: string;
  readonly mean: number;
  readonly standardDeviation: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly lastNorm: number | null;
}

/**
 * The rows of a result, with shapes and axes as lists.
 *
 * @example
 * statisticsRows(await siteStatistics(model, prompt, { sites: ["layers.0"] }))[0].shape; // [1, 14, 128]
 */
export const statisticsRows = readsResult(
  siteStatisticsShape,
  ({ tables }: SiteStatisticsResult): SiteStatistics[] => {
    return tables.sites.rows.map(({ site, shape, axes, ...row }) => ({
      site,
      shape: shape === "" ? [] : shape.split(", ").map(Number),
      axes: axes === null ? undefined : (axes.split(", ") as unknown as Axes),
      ...row,
    }));
  },
);
