/** Features of a prompt as blocks: a map over its tokens, and what each feature would say. */
import {
  type Block,
  fedBlocks,
  formatNumber,
  formatPercent,
  labelText,
  noteBlocks,
  placesOf,
  readsResult,
  rowsOf,
  text,
  visibleToken,
} from "@mlxterp/results";
import { type FeaturesResult, featuresShape } from "./result.js";

export const featuresView = readsResult(
  featuresShape,
  ({ fed, notes, grids, tables }: FeaturesResult): Block[] => {
    const { activation } = grids;
    const [{ site, features, count, explained }] = tables.quality.rows;
    const share =
      explained === null ? "" : `, ${formatPercent(explained)} of the variance explained`;
    return [
      ...fedBlocks(fed),
      ...noteBlocks(notes),
      text(`${features} features of ${site}: ${formatNumber(count)} on at a token${share}.`),
      {
        kind: "grid",
        title: "Features in the prompt",
        subtitle: "those that are on most",
        rowTitle: "feature",
        columnTitle: "token",
        rows: activation.labels.feature.map(labelText),
        columns: activation.labels.token.map(labelText),
        values: rowsOf(activation),
        rowPlaces: placesOf(activation, "feature"),
        columnPlaces: { ...placesOf(activation, "token"), axis: "position" },
        scale: { kind: "sequential", domain: [0, Math.max(...activation.values, 1e-9)] },
        legend: "activation",
        upwards: false,
      },
      {
        kind: "table",
        caption: "What each would say directly",
        columns: [
          { title: "feature", align: "right" },
          { title: "on most at" },
          { title: "activation", align: "right" },
          { title: "tokens", align: "right" },
          { title: "more likely" },
          { title: "less likely" },
        ],
        rows: tables.features.rows.map((row) => [
          String(row.feature),
          row.token === null ? "nowhere" : `${row.position} ${visibleToken(row.token)}`,
          formatNumber(row.activation),
          String(row.count),
          row.promotes,
          row.suppresses,
        ]),
      },
    ];
  },
);
