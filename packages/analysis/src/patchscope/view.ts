/** Patchscopes as blocks: what the target says with each layer's vector, and how much of it is the vector's own. */
import {
  type Block,
  fedBlocks,
  formatPercent,
  type LinesBlock,
  labelText,
  noteBlocks,
  readsResult,
  section,
  type TableBlock,
  visibleToken,
} from "@mlxterp/results";
import { type PatchscopeResult, patchscopeShape } from "./result.js";

export const patchscopeView = readsResult(patchscopeShape, (result: PatchscopeResult): Block[] => {
  const target = result.tables.target.rows.map(({ text }) => text);
  return [
    ...fedBlocks(result.fed),
    { kind: "tokens", label: "Target", pieces: target },
    ...noteBlocks(result.notes),
    section("What the target says with the vector in it", patchscopeTable(result)),
    { ...patchscopeLines(result), only: "page" },
  ];
});

/**
 * A row for each layer: the continuation, and probabilities with the vector, without and by chance.
 *
 * @example
 * patchscopeTable(await patchscope(model, "Mary", { target: "John and" })).kind; // "table"
 */
export const patchscopeTable = readsResult(
  patchscopeShape,
  ({ grids, tables, fed }: PatchscopeResult): TableBlock => {
    const { layer } = grids.followedProbability.labels;
    const texts = new Map(tables.tokens.rows.map(({ id, text }) => [id, text]));
    const count = grids.token.labels.rank.length;
    const share = (value: number) => (Number.isNaN(value) ? "–" : formatPercent(value));
    const { answer } = fed[0];
    return {
      kind: "table",
      columns: [
        { title: "taken after" },
        { title: "the target goes on" },
        { title: answer ? `rank of ${visibleToken(answer.text)}` : "first", align: "right" },
        { title: "with it", align: "right" },
        { title: "without", align: "right" },
        { title: "at random", align: "right" },
      ],
      rows: layer.map((one, row) => [
        labelText(one),
        visibleToken(tables.continuations.rows[row].text),
        answer
          ? `${grids.followedRank.values[row]}`
          : visibleToken(texts.get(grids.token.values[row * count]) ?? ""),
        share(grids.followedProbability.values[row]),
        share(grids.unpatchedProbability.values[row]),
        share(grids.nullProbability.values[row]),
      ]),
      fixed: 2,
    };
  },
);

/**
 * The followed probability through the layers, beside what it is without the vector and at random.
 *
 * @example
 * patchscopeLines(await patchscope(model, "Mary", { target: "John and" })).lines.length; // 3
 */
export const patchscopeLines = readsResult(
  patchscopeShape,
  ({ grids, fed }: PatchscopeResult): LinesBlock => {
    const { answer } = fed[0];
    const values = (grid: PatchscopeResult["grids"]["nullProbability"]) =>
      [...grid.values].map((value) => (Number.isNaN(value) ? null : value));
    return {
      kind: "lines",
      title: answer
        ? `How likely ${visibleToken(answer.text)} is`
        : "How likely the first token is",
      xTitle: "vector taken after",
      yTitle: "probability",
      x: grids.followedProbability.labels.layer.map((one) => labelText(one)),
      lines: [
        { label: "with the vector", values: values(grids.followedProbability) },
        { label: "without", values: values(grids.unpatchedProbability) },
        { label: "at random", values: values(grids.nullProbability) },
      ],
    };
  },
);
