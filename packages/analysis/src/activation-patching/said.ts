/** What the prompts of a pair say as they are, and what they say once something is patched. */
import { formatPercent, type Grid, type GridBlock, visibleToken } from "@mlxterp/results";
import type { PatchPart } from "../patching/kinds.js";
import type { PatchingResult } from "./result.js";

interface Said {
  readonly text: string;
  readonly probability: number;
}

/**
 * The likeliest next token of each cell, [layer][column][0].
 *
 * @returns undefined for several pairs, whose tokens differ, and where a cell is the mean of several runs
 */
export function saidInCells(
  result: PatchingResult,
  kind: PatchPart,
  columns: number,
): Said[][][] | undefined {
  const { grids, tables } = result;
  const next: Grid | undefined = grids[`${kind}Next`];
  const probability: Grid | undefined = grids[`${kind}NextProbability`];
  if (!next || !probability || next.labels.pair.length > 1) return undefined;
  const texts = textsOf(tables);
  return next.labels.layer.map((_, row) =>
    Array.from({ length: columns }, (_column, column) => {
      const at = row * columns + column;
      return [{ text: texts(next.values[at]), probability: probability.values[at] }];
    }),
  );
}

/** Both prompts of the only pair, with what each says by itself. */
export function promptsOf({ fed, tables }: PatchingResult): GridBlock["prompts"] {
  const texts = textsOf(tables);
  return tables.said.rows.map(({ prompt, id, probability }, at) => ({
    label: prompt,
    pieces: fed[at].pieces,
    says: { text: texts(id), probability },
  }));
}

function textsOf({ tokens }: PatchingResult["tables"]): (id: number) => string {
  const texts = new Map(tokens.rows.map(({ id, text }) => [id, text]));
  return (id) => visibleToken(texts.get(id) ?? `<${id}>`);
}

/** Two spaces before the share, as in all details where a token stands with its probability. */
export function saidText({ text, probability }: Said): string {
  return `\nthen says ${text}  ${formatPercent(probability)}`;
}
