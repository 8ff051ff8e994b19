/** Direct logit attribution as blocks: the largest parts as bars, and the heads as a map. */

import {
  type Bar,
  type Block,
  divergingAround,
  fedBlocks,
  formatNumber,
  type GridBlock,
  noteBlocks,
  placesOf,
  readsResult,
  rowsOf,
  text,
  visibleToken,
} from "@mlxterp/results";
import { checkList, checkNumber, checkNumbers, checkRecord } from "@mlxterp/results/errors";
import {
  type Attribution,
  type AttributionResult,
  attributionOf,
  attributionShape,
} from "./result.js";

/** Parts drawn as bars. */
const most = 20;

export const attributionView = readsResult(
  attributionShape,
  (result: AttributionResult): Block[] => {
    const about = leadOf(result);
    const mean = attributionOf(result);
    const bars = attributionBars(mean).sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
    const over = result.fed.length === 1 ? "" : `, mean of ${result.fed.length} prompts`;
    return [
      ...fedBlocks(result.fed),
      ...noteBlocks(result.notes),
      text(
        `The model's last position says ${formatNumber(mean.total)} logits for ${about}${over}.`,
      ),
      {
        kind: "bars",
        title: "What speaks for the answer",
        subtitle: `Direct logit attribution of ${about}${over}; the ${Math.min(most, bars.length)} largest of ${bars.length} parts`,
        axis: "logits",
        bars: bars.slice(0, most),
      },
      headGrid(result),
      ...finerBars(result),
    ];
  },
);

/** Neurons, experts and source tokens, as far as they were asked for; of the first prompt. */
function finerBars({ tables }: AttributionResult): Block[] {
  const of = <Row extends { prompt: number; value: number }>(
    title: string,
    rows: readonly Row[] | undefined,
    label: (row: Row) => string,
  ): Block[] => {
    // biome-ignore format: one line
    const first = rows?.filter(({ prompt }) => prompt === 0).slice(0, most);
    if (!first?.length) return [];
    const bars = first.map((row) => ({ label: label(row), value: row.value }));
    return [
      {
        kind: "bars",
        title,
        subtitle: `the ${bars.length} largest, first prompt`,
        axis: "logits",
        bars,
      },
    ];
  };
  return [
    ...of("Neurons", tables.neurons?.rows, ({ layer, expert, neuron }) => expert === null ? `neuron ${layer}.${neuron}` : `neuron ${layer}.${expert}.${neuron}`), // biome-ignore format: one row
    ...of("Experts", tables.experts?.rows, ({ layer, expert }) => `expert ${layer}.${expert}`),
    ...of("What heads bring from which token", tables.sources?.rows, ({ layer, head, position, token }) => `head ${layer}.${head} from ${visibleToken(token)} (${position})`), // biome-ignore format: one row
  ];
}

function leadOf({ fed }: AttributionResult): string {
  if (fed.length > 1) return fed[0].wrongAnswer ? "the answers' lead" : "the answers";
  const [{ answer, wrongAnswer }] = fed;
  return [answer, wrongAnswer]
    .flatMap((token) => (token ? [visibleToken(token.text)] : []))
    .join(" − ");
}

/**
 * Layers × heads.
 *
 * @example
 * headGrid(attribution).kind; // "grid"
 */
export const headGrid = readsResult(attributionShape, (result: AttributionResult): GridBlock => {
  const { heads } = result.grids;
  return {
    kind: "grid",
    title: "What each head writes to it directly",
    subtitle: `Direct logit attribution of ${leadOf(result)}`,
    rowTitle: "",
    columnTitle: "",
    rows: heads.labels.layer.map((layer) => `layer ${layer}`),
    columns: heads.labels.head.map((head) => `head ${head}`),
    values: rowsOf(heads),
    rowPlaces: placesOf(heads, "layer"),
    columnPlaces: placesOf(heads, "head"),
    scale: divergingAround(heads.values, 0),
    legend: "logits",
    unit: "heads",
  };
});

/**
 * All parts that are there: heads as `head L.H`, and everything else by name.
 *
 * @example
 * attributionBars(attributionOf(attribution)).map(({ label }) => label);
 */
export function attributionBars(attribution: Attribution): Bar[] {
  checkAttribution(attribution);
  const { embedding, heads, attentionRest, mlps, normBias, unembeddingRest } = attribution;
  const byLayer = (name: string, values: readonly number[]) =>
    values.map((value, layer) => ({ label: `${name} ${layer}`, value }));
  const bars = [
    { label: "embedding", value: embedding },
    ...heads.flatMap((row, layer) =>
      row.map((value, head) => ({ label: `head ${layer}.${head}`, value })),
    ),
    ...byLayer("attention rest", attentionRest),
    ...byLayer("MLP", mlps),
    { label: "norm bias", value: normBias },
    { label: "unembedding rest", value: unembeddingRest },
  ];
  return bars.filter(({ value }) => Math.abs(value) > 1e-6); // what rounding left of parts that are absent
}

function checkAttribution(value: unknown): void {
  checkRecord("attribution", value);
  const { heads, attentionRest, mlps, ...numbers } = value as Attribution;
  for (const name of ["embedding", "normBias", "unembeddingRest"] as const) {
    checkNumber(`attribution.${name}`, numbers[name]);
  }
  checkNumbers("attribution.attentionRest", attentionRest);
  checkNumbers("attribution.mlps", mlps);
  checkList("attribution.heads", heads);
  for (const [layer, row] of heads.entries()) checkNumbers(`attribution.heads[${layer}]`, row);
}
