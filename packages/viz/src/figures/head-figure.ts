/** One number for each head, as a grid of layers and heads. */
import type { HeadKind, HeadTypesResult } from "@mlxterp/analysis";
import { type ColourScale, divergingAround } from "../colours.js";
import { heatMap } from "../heat-map.js";
import { formatCell, formatNumber } from "../text.js";

export interface HeadFigureOptions {
  readonly title: string;
  readonly subtitle?: string;
  /** What the numbers are, for the legend. */
  readonly legend: string;
  /** Amounts from 0 to 1, or effects around 0. Default: `diverging`. */
  readonly scale?: "amount" | "diverging";
}

/**
 * Layers × heads.
 *
 * @param values [layer][head], such as `heads` of a direct logit attribution
 * @returns an SVG document
 * @example
 * headFigure(attribution.heads, { title: "Direct logit attribution", legend: "logits" });
 */
export function headFigure(
  values: readonly (readonly number[])[],
  options: HeadFigureOptions,
): string {
  const scale: ColourScale =
    options.scale === "amount"
      ? { kind: "sequential", domain: [0, 1] }
      : divergingAround(values.flat(), 0);
  return heatMap({
    title: options.title,
    subtitle: options.subtitle,
    columns: values[0].map((_, head) => `head ${head}`),
    rows: values.map((_, layer) => `layer ${layer}`),
    values,
    texts: values.map((row) => row.map(formatCell)),
    describe: (layer, head) => `layer ${layer}, head ${head}: ${formatNumber(values[layer][head])}`,
    columnTitle: "",
    rowTitle: "",
    scale,
    legend: options.legend,
    cellWidth: 54,
  });
}

const kindNames: Readonly<Record<HeadKind, string>> = {
  induction: "induction",
  duplicateToken: "duplicate token",
  previousToken: "previous token",
  currentToken: "current token",
  firstToken: "first token",
};

/**
 * The scores of one head type, layers × heads.
 *
 * @returns an SVG document
 * @example
 * const svg = headTypeFigure(await headTypes(model), "induction");
 */
export function headTypeFigure({ heads, prompts }: HeadTypesResult, kind: HeadKind): string {
  const values: number[][] = [];
  for (const { layer, head, scores } of heads) {
    values[layer] ??= [];
    values[layer][head] = scores[kind];
  }
  return headFigure(values, {
    title: `Heads that look at: ${kindNames[kind]}`,
    subtitle: `Mean over ${prompts.length} ${prompts.length === 1 ? "sequence" : "sequences"}`,
    legend: "share of attention",
    scale: "amount",
  });
}
