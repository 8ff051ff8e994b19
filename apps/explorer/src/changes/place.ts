/** From what was clicked in a picture to a place in the model: layers, heads and tokens are read off the picture's own labels. */
import type { Block, GridBlock, Result } from "@mlxterp/results";
import type { Part, Place } from "./change.js";

/** What was clicked, as the pictures tell it. */
export interface Selection {
  readonly block: Block;
  /** Places by the name of their axis: in the model's words where the picture knows them, else `row` and `column`. */
  readonly cell?: Cell;
  readonly value?: number;
  readonly token?: number | string;
  readonly node?: string;
}

/** What is known of the prompt and the model. */
export interface Surroundings {
  readonly layers: number;
  /** Tokens of the prompt. */
  readonly pieces: readonly string[];
  /** The result that the picture shows. */
  readonly result?: Result;
}

type Cell = Readonly<Record<string, number | string | null>>;
type Found = Partial<Place>;

/** The place that a selection names as far as it names one; the last layer's stream where it names none. */
export function placeOf(selection: Selection, around: Surroundings): Place {
  const found = foundIn(selection, around);
  const layer = clamp(found.layer ?? around.layers - 1, around.layers);
  const part = found.part ?? (found.head === undefined ? "after" : "head");
  const { head, key } = found;
  const position = inside(found.position, around);
  return {
    part,
    layer,
    ...(head !== undefined && (part === "head" || part === "edge") && { head }),
    ...(position !== undefined && { position }),
    ...(part === "edge" && key !== undefined && { key }),
  };
}

function foundIn(selection: Selection, around: Surroundings): Found {
  const { block, cell = {}, node } = selection;
  const first = numberAt(Object.values(cell)[0]) ?? -1;
  switch (block.kind) {
    case "attention":
      return attentionPlace(cell);
    case "tokens":
      return { position: numberAt(cell.position) };
    case "grid":
      return gridPlace(block, cell, around);
    case "bars":
      return readWords(block.bars[first]?.label ?? "", block.title);
    case "table":
      return readWords(rowText(block.rows[numberAt(cell.row) ?? -1]?.[0]), block.caption ?? "");
    case "lines":
      return readWords(`${block.x[numberAt(cell.x) ?? -1] ?? ""}`, block.xTitle);
    case "scatter":
      return readWords(block.points[first]?.label ?? "", block.title);
    case "graph":
      return readWords(block.nodes.find(({ id }) => id === node)?.label ?? node ?? "", "");
    default:
      return {};
  }
}

function numberAt(value: number | string | null | undefined): number | undefined {
  return typeof value === "number" ? value : undefined;
}

/** A cell is an edge, a token of a head is that head there, and of the mean of all heads what attention adds. */
function attentionPlace(cell: Cell): Found {
  const { layer, head, query, key } = cell;
  const where = { layer: numberAt(layer), position: numberAt(query) };
  if (numberAt(head) === undefined) return { part: "attention", ...where };
  const isEdge = numberAt(query) !== undefined && numberAt(key) !== undefined;
  return { part: isEdge ? "edge" : "head", ...where, head: numberAt(head), key: numberAt(key) };
}

function gridPlace(block: GridBlock, cell: Cell, around: Surroundings): Found {
  const titles = `${block.title} ${block.rowTitle}`;
  const [row, column] = [numberAt(cell.row) ?? -1, numberAt(cell.column) ?? -1];
  const ofRow = readWords(block.rows[row] ?? "", titles);
  const ofColumn = readWords(block.columns[column] ?? "", block.columnTitle, true);
  return {
    part: partOf(titles),
    ...ofColumn,
    ...ofRow,
    ...named(cell),
    ...positionAt(block, cell, around),
  };
}

/** What the picture says of itself. */
function named(cell: Cell): Found {
  const [layer, head] = [numberAt(cell.layer), numberAt(cell.head)];
  return {
    ...(layer !== undefined && { layer }),
    ...(head !== undefined && { head, part: "head" }),
  };
}

/** Where columns are tokens: the one that the result's own axis names, else as many as there are. */
function positionAt(
  { columns, unit }: GridBlock,
  cell: Cell,
  { result, pieces }: Surroundings,
): Found {
  const said = numberAt(cell.position);
  if (said !== undefined) return { position: said < 0 ? said + pieces.length : said };
  const column = numberAt(cell.column);
  if (column === undefined) return {};
  for (const grid of Object.values(result?.grids ?? {})) {
    const labels = grid?.labels.position;
    if (labels?.length !== columns.length) continue;
    const label = labels[column];
    if (typeof label === "object") return { position: label.position };
    if (typeof label === "number") return { position: label < 0 ? label + pieces.length : label };
  }
  return unit === "positions" && columns.length === pieces.length ? { position: column } : {};
}

/** What words name: `layer 3`, `head 3.0`, `L3H0`, `MLP 2`, `attention 1`. */
function readWords(words: string, context: string, isColumn = false): Found {
  const both = /(?:^|\b|[a-z] )L?(\d+)(?:\.|H)(\d+)\b/i.exec(words);
  if (both) return { part: "head", layer: Number(both[1]), head: Number(both[2]) };
  const head = /\bhead (\d+)/i.exec(words);
  const layer = /\b(?:layer|mlp|attention|attn|stream|after|before|L)[ .]?(\d+)\b/i.exec(words);
  const bare =
    isColumn || !/layer|after|before/i.test(context) ? null : /^(\d+)$/.exec(words.trim());
  const number = layer?.[1] ?? bare?.[1];
  const part = head ? "head" : partOf(`${words} ${isColumn ? "" : context}`);
  return {
    ...(number !== undefined && { layer: Number(number) }),
    ...(head && { head: Number(head[1]) }),
    ...(part && (number !== undefined || head || !isColumn) && { part }),
  };
}

function partOf(words: string): Part | undefined {
  if (/\bmlp\b/i.test(words)) return "mlp";
  if (/\battention (adds|\d)|\battn\b/i.test(words)) return "attention";
  return /stream before|before each layer/i.test(words) ? "before" : undefined;
}

function rowText(cell: string | { readonly text: string } | undefined): string {
  return typeof cell === "object" ? cell.text : (cell ?? "");
}

function inside(position: number | undefined, { pieces }: Surroundings): number | undefined {
  return position !== undefined && position >= 0 && position < pieces.length ? position : undefined;
}

function clamp(layer: number, layers: number): number {
  return Math.max(0, Math.min(layers - 1, layer));
}
