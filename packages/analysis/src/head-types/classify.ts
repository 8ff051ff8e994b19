/** From sums to scores: of every head and kind, of chance, and the kind that each head has. */
import { createGrid, createTable } from "@mlxterp/results";
import { range } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import type { ScoreSums } from "./head-scores.js";
import type { HeadMeasure } from "./options.js";
import type { HeadTypesResult } from "./result.js";

export interface Classes {
  readonly layers: readonly number[];
  readonly kinds: readonly string[];
  readonly nulls: number;
  readonly threshold: number;
  readonly measure: HeadMeasure;
}

/** What is masked is 0, or next to it. */
const rounding = 1e-4;

/** What one head, or one that looks everywhere alike, gives: to the targets, and to all that counts. */
interface Given {
  readonly hits: number;
  readonly all: number;
}

export function classify(
  model: AnalysisModel,
  sums: readonly ScoreSums[],
  { layers, kinds, nulls, threshold, measure }: Classes,
): Pick<HeadTypesResult, "grids" | "tables"> & { readonly bothWays: boolean } {
  const { heads } = model.anatomy;
  const total = (pick: (batch: ScoreSums) => number) =>
    sums.reduce((sum, batch) => sum + pick(batch), 0);
  const last = kinds.length * (1 + nulls);
  const measured = (column: number, given: Given) => {
    const queries = total((batch) => batch.columns[column].queries);
    if (queries === 0) return 0;
    if (measure === "queries") return given.hits / queries;
    if (measure === "attention") return given.hits / given.all;
    const targets = total((batch) => batch.columns[column].targets);
    return 1 - (given.all - 2 * given.hits + targets) / total((batch) => batch.queries);
  };
  const at = (layer: number, head: number, column: number) =>
    total((batch) => batch.attention[layers.indexOf(layer)][head][column]);
  const score = (layer: number, head: number, column: number) =>
    measured(column, { hits: at(layer, head, column), all: at(layer, head, last) });
  const places = layers.flatMap((layer) => range(heads).map((head) => [layer, head]));
  const bothWays = places.some(([layer, head]) => at(layer, head, last + 1) > rounding);
  const uniformOf = bothWays ? "uniformBothWays" : "uniform";
  const even = (column: number) => total((batch) => batch.columns[column][uniformOf]);
  const uniform = kinds.map((_, kind) => measured(kind, { hits: even(kind), all: even(last) }));
  const shuffled = kinds.map((_, kind) => {
    const columns = range(nulls).map((draw) => (draw + 1) * kinds.length + kind);
    const scores = columns.map((column) =>
      places.map(([layer, head]) => score(layer, head, column)),
    );
    const own = places.map(([layer, head]) => score(layer, head, kind));
    const moved = scores.some((draw) => draw.some((one, place) => one !== own[place]));
    return moved ? Math.max(...scores.flat()) : Number.NaN; // else it does not look at tokens
  });
  const rows = places.map(([layer, head]) => {
    const scores = kinds.map((_kind, kind) => score(layer, head, kind));
    return { layer, head, type: typeOf(scores, { kinds, shuffled, threshold }), scores };
  });
  const byType = (values: readonly number[]) =>
    createGrid({ labels: { type: kinds }, values, unit: "share" });
  const labels = { layer: layers, head: range(heads), type: kinds };
  return {
    bothWays,
    grids: {
      score: createGrid({ labels, values: rows.flatMap(({ scores }) => scores), unit: "share" }),
      uniform: byType(uniform),
      shuffled: byType(shuffled),
    },
    tables: {
      heads: createTable(
        ["layer", "head", "type"],
        rows.map(({ layer, head, type }) => ({ layer, head, type })),
      ),
    },
  };
}

/** The highest score that reaches the threshold and is above chance; the more specific of equals. */
function typeOf(
  scores: readonly number[],
  { kinds, shuffled, threshold }: Pick<Classes, "kinds" | "threshold"> & { shuffled: number[] },
): string | null {
  const counted = scores.map((score, kind) =>
    score >= threshold && !(score <= shuffled[kind]) ? score : Number.NEGATIVE_INFINITY,
  );
  const highest = Math.max(...counted);
  return highest === Number.NEGATIVE_INFINITY ? null : kinds[counted.indexOf(highest)];
}
