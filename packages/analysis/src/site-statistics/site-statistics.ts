/**
 * Site statistics: what the activations of a pass look like in a few numbers.
 *
 * Of every chosen site mean, deviation, extremes, and the norm at the last token: whether a stream grows from layer to
 * layer, which part writes most, where a value is not finite.
 *
 * Caveats. The mean and the deviation are over everything, positions and coordinates alike; a few coordinates can be much
 * larger than all others, and the first token than all other tokens (Sun et al. 2024, "Massive Activations in Large
 * Language Models", arXiv 2402.17762). A large norm is not a large effect.
 */
import { type Axes, type Prompt, provenanceOf } from "@mlxterp/core";
import { dtypeName, evaluate } from "@mlxterp/mlx";
import { createTable, type Note, type ParsedOptions, parseOptions } from "@mlxterp/results";
import { askedOf } from "../shared/asked.js";
import type { AnalysisModel } from "../shared/model.js";
import { fedOf, isOnePrompt, type OnePrompt, promptIds, promptList } from "../shared/prompts.js";
import { inForwardOrder, plainSite } from "./forward-order.js";
import { mainSites, type SiteStatisticsOptions, siteStatisticsOptions } from "./options.js";
import { reduce } from "./reduce.js";
import type { SiteStatisticsResult } from "./result.js";

type Row = SiteStatisticsResult["tables"]["sites"]["rows"][number];

/**
 * Statistics over whole values, reduced on the device: only five numbers of each travel.
 *
 * @param prompt one prompt gives one result; a list of prompts or an array of ids gives a list, each run alone
 * @throws UnknownSiteError (`UNKNOWN_SITE`); InvalidArgumentError (`INVALID_ARGUMENT`) for options that do not exist
 * @example
 * const { tables } = await siteStatistics(model, "Mary and John", { sites: ["layers.*"] });
 * tables.sites.rows.map(({ lastNorm }) => lastNorm); // of the residual stream after each layer
 */
export function siteStatistics(
  model: AnalysisModel,
  prompt: OnePrompt,
  options?: SiteStatisticsOptions,
): Promise<SiteStatisticsResult>;
export function siteStatistics(
  model: AnalysisModel,
  prompts: Prompt,
  options?: SiteStatisticsOptions,
): Promise<SiteStatisticsResult | SiteStatisticsResult[]>;
export async function siteStatistics(
  model: AnalysisModel,
  input: Prompt,
  options?: SiteStatisticsOptions,
): Promise<SiteStatisticsResult | SiteStatisticsResult[]> {
  const asked = parseOptions("siteStatistics", siteStatisticsOptions, options);
  const prompts = promptIds(model, promptList(model, input));
  const results: SiteStatisticsResult[] = [];
  for (const ids of prompts) {
    asked.signal?.throwIfAborted();
    results.push(await statisticsOf(model, ids, asked));
    asked.onProgress?.({ done: results.length, total: prompts.length, stage: "statistics" });
  }
  return isOnePrompt(input) ? results[0] : results;
}

async function statisticsOf(
  model: AnalysisModel,
  ids: readonly number[],
  asked: ParsedOptions<typeof siteStatisticsOptions>,
): Promise<SiteStatisticsResult> {
  const rows = await measure(model, ids, asked.sites ?? mainSitesOf(model));
  return {
    method: "statistics",
    asked: askedOf(asked),
    fed: [fedOf(model, "prompt", ids)],
    grids: {},
    tables: { sites: createTable(columns, rows) },
    notes: finiteNotes(rows),
    provenance: provenanceOf(model),
  };
}

function mainSitesOf(model: AnalysisModel): string[] {
  const names = new Set(model.sites("**").map(({ site }) => site.replace(/\.\d+/, ".*")));
  const there = mainSites.filter((site) => site === "layers.0.input" || names.has(site));
  return there.length > 1 ? there : mainSites; // so that the refusal names what is not there
}

const columns = [
  ...(["site", "shape", "axes", "dtype", "mean", "standardDeviation"] as const),
  ...(["minimum", "maximum", "lastNorm"] as const),
];

async function measure(
  model: AnalysisModel,
  ids: readonly number[],
  sites: readonly string[],
): Promise<Row[]> {
  const cache = await model.run([ids], { save: sites });
  const known = new Map<string, Axes | undefined>();
  for (const { site, axes } of model.sites("**")) known.set(site, axes);
  const entries = cache
    .entries()
    .map(([site, value]) => ({ site, value, axes: known.get(plainSite(site)) }));
  const numbers = entries.map(({ value, axes }) => reduce(value, axes));
  await evaluate(numbers);
  const rows = entries.map(({ site, value, axes }, index): Row => {
    const [mean, variance, minimum, maximum, norm] = numbers[index].tolist() as number[];
    return {
      site,
      shape: value.shape.join(", "),
      axes: axes?.join(", ") ?? null,
      dtype: dtypeName(value.dtype),
      mean,
      standardDeviation: Math.sqrt(variance),
      minimum,
      maximum,
      lastNorm: norm < 0 ? null : norm,
    };
  });
  return inForwardOrder(rows, [...known.keys()]);
}

function finiteNotes(rows: readonly Row[]): Note[] {
  const broken = rows.find(
    ({ mean, minimum, maximum }) => ![mean, minimum, maximum].every(Number.isFinite),
  );
  if (!broken) return [];
  const text = `${broken.site} is the first of these sites with values that are not finite.`;
  return [{ code: "NOT_FINITE", text }];
}
