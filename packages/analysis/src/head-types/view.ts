/** Head types as blocks: a table of all heads, and a map for each type that some head has. */
import {
  type Block,
  type Cell,
  checkChoice,
  fedBlocks,
  formatCell,
  type GridBlock,
  labelText,
  noteBlocks,
  placesOf,
  readsResult,
  rowsOf,
  section,
  sliceOf,
  text,
} from "@mlxterp/results";
import type { HeadKind } from "./head-kinds.js";
import { type HeadScores, type HeadTypesResult, headScores, headTypesShape } from "./result.js";

const kindNames: Readonly<Record<HeadKind, string>> = {
  induction: "induction",
  duplicateToken: "duplicate token",
  previousToken: "previous token",
  currentToken: "current token",
  firstToken: "first token",
};

const nameOf = (kind: string) => kindNames[kind as HeadKind] ?? kind;

export const headTypesView = readsResult(headTypesShape, (result: HeadTypesResult): Block[] => {
  const heads = headScores(result);
  const kinds = result.grids.score.labels.type.map(labelText);
  const found = kinds.filter((kind) => heads.some(({ type }) => type === kind));
  const threshold = Number(result.asked.threshold);
  const drawn = result.fed[0]?.role === "random";
  const [{ ids }] = result.fed;
  const about = drawn
    ? `${result.fed.length} random ${result.fed.length === 1 ? "sequence" : "sequences"} of ${ids.length} tokens, each repeated once`
    : `${result.fed.length} ${result.fed.length === 1 ? "prompt" : "prompts"}`;
  return [
    ...fedBlocks(result.fed),
    ...noteBlocks(result.notes),
    section("Heads", headTable(heads, kinds, threshold)),
    text(
      `Scores are shares of attention on ${about}; a head has a type from ${formatCell(threshold)} up, and above what shuffled tokens score.`,
      "quiet",
    ),
    section("By chance", chanceTable(result, kinds)),
    ...found.map((kind): Block => ({ ...headTypeGrid(result, kind), only: "page" })),
  ];
});

function chanceTable({ grids }: HeadTypesResult, kinds: readonly string[]): Block {
  const shown = (value: number) => (Number.isNaN(value) ? "–" : formatCell(value));
  return {
    kind: "table",
    columns: [
      { title: "by chance" },
      ...kinds.map((kind) => ({ title: shortName(kind), align: "right" as const })),
    ],
    rows: [
      ["looking everywhere alike", ...[...grids.uniform.values].map(shown)],
      ["any head, tokens shuffled", ...[...grids.shuffled.values].map(shown)],
    ],
    widest: 28,
  };
}

function shortName(kind: string): string {
  return nameOf(kind).replace(" token", "");
}

function headTable(
  heads: readonly HeadScores[],
  kinds: readonly string[],
  threshold: number,
): Block {
  return {
    kind: "table",
    columns: [
      { title: "head" },
      { title: "type" },
      ...kinds.map((kind) => ({ title: shortName(kind), align: "right" as const })),
    ],
    rows: heads.map(({ layer, head, type, scores }) => [
      `${layer}.${head}`,
      type ? nameOf(type) : "",
      ...kinds.map((kind) => scoreCell(scores[kind], threshold)),
    ]),
    fixed: 2,
  };
}

function scoreCell(score: number, threshold: number): Cell {
  const shown = formatCell(score);
  if (score >= threshold) return { text: shown, tone: "strong" };
  return score < 0.1 ? { text: shown, tone: "quiet" } : shown;
}

/**
 * The scores of one type, layers × heads.
 *
 * @example
 * headTypeGrid(await headTypes(model), "induction").kind; // "grid"
 */
export const headTypeGrid = readsResult(
  headTypesShape,
  ({ grids: { score }, fed }: HeadTypesResult, kind: string): GridBlock => {
    checkChoice("kind", kind, score.labels.type.map(labelText));
    const labels = { layer: score.labels.layer, head: score.labels.head };
    const values = sliceOf(score, { type: kind });
    return {
      kind: "grid",
      title: `Heads that look at: ${nameOf(kind)}`,
      subtitle: `Mean over ${fed.length} ${fed.length === 1 ? "sequence" : "sequences"}`,
      rowTitle: "",
      columnTitle: "",
      rows: labels.layer.map((layer) => `layer ${layer}`),
      columns: labels.head.map((head) => `head ${head}`),
      rowPlaces: placesOf(score, "layer"),
      columnPlaces: placesOf(score, "head"),
      values: rowsOf({ axes: ["layer", "head"], labels, values, unit: "share" }),
      scale: { kind: "sequential", domain: [0, 1] },
      legend: "share of attention",
      unit: "heads",
    };
  },
);
