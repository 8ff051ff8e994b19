/** Whether the parts of a block are of the sizes that they say of each other. */
import { InvalidArgumentError } from "../errors/invalid-argument.js";
import type { AttentionBlock, Block, GraphBlock, GridBlock, LinesBlock } from "./block.js";

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) naming the part that has another size */
export function blockFits(argument: string, block: Block): void {
  const size = (
    part: string,
    list: ArrayLike<unknown> | undefined,
    wanted: number,
    why: string,
  ) => {
    if (list === undefined || list.length === wanted) return;
    const rule = `has ${list.length} where ${why} ${wanted}.`;
    throw new InvalidArgumentError(`${argument}.${part}`, list, rule);
  };
  const fits = rules[block.kind] as Fit<Block> | undefined;
  fits?.(block, size, argument);
}

type Size = (
  part: string,
  list: ArrayLike<unknown> | undefined,
  wanted: number,
  why: string,
) => void;

type Fit<T extends Block> = (block: T, size: Size, argument: string) => void;

function gridFits(block: GridBlock, size: Size): void {
  const { rows, columns, values, cells, details, alternatives, rowPlaces, columnPlaces } = block;
  const tables = { values, cells, details, alternatives };
  for (const [name, table] of Object.entries<readonly (readonly unknown[])[] | undefined>(tables)) {
    size(name, table, rows.length, "there are rows,");
    table?.forEach((row, at) => {
      size(`${name}[${at}]`, row, columns.length, "there are columns,");
    });
  }
  size("rowPlaces.at", rowPlaces?.at, rows.length, "there are rows,");
  size("columnPlaces.at", columnPlaces?.at, columns.length, "there are columns,");
}

function attentionFits({ pieces, patterns }: AttentionBlock, size: Size): void {
  patterns.forEach(({ weights }, at) => {
    size(`patterns[${at}].weights`, weights, pieces.length ** 2, "queries times keys are");
  });
}

function linesFit({ x, lines }: LinesBlock, size: Size): void {
  lines.forEach(({ values, low, high }, at) => {
    for (const [name, list] of Object.entries({ values, low, high })) {
      size(`lines[${at}].${name}`, list, x.length, "there are places,");
    }
  });
}

function edgesFit({ nodes, edges }: GraphBlock, _size: Size, argument: string): void {
  const ids = new Set(nodes.map(({ id }) => id));
  const lost = edges.findIndex(({ from, to }) => !ids.has(from) || !ids.has(to));
  if (lost < 0) return;
  const rule = "leads from or to a node that is not there.";
  throw new InvalidArgumentError(`${argument}.edges[${lost}]`, edges[lost], rule);
}

/** Of the kinds whose parts have sizes of each other. */
const rules: { readonly [K in Block["kind"]]?: Fit<Extract<Block, { readonly kind: K }>> } = {
  tokens: ({ values, pieces }, size) => size("values", values, pieces.length, "there are pieces,"),
  table: ({ rows, columns }, size) =>
    rows.forEach((row, at) => {
      size(`rows[${at}]`, row, columns.length, "there are columns,");
    }),
  grid: gridFits,
  lines: linesFit,
  histogram: ({ edges, counts }, size) =>
    size("edges", edges, counts.length + 1, "counts have around them"),
  attention: attentionFits,
  graph: edgesFit,
};
