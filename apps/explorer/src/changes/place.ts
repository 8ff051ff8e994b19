/** From what was clicked in a picture to a place in the model: layers, heads and tokens are read off the picture's own labels. */
import type { Block, GridBlock, Result, TableBlock } from "@mlxterp/results";
import type { Place } from "./change.js";
import { type Found, partOf, readWords } from "./words.js";

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

/** What the item itself names, else what the picture's title does. */
function foundIn(selection: Selection, around: Surroundings): Found {
  const own = itemPlace(selection, around);
  if (Object.values(own).some((one) => one !== undefined)) return own;
  const { block } = selection;
  return "title" in block ? readWords(block.title, { titles: "", bare: false }) : {};
}

function itemPlace(selection: Selection, around: Surroundings): Found {
  const { block, cell = {}, node } = selection;
  const first = numberAt(Object.values(cell)[0]) ?? -1;
  const { pieces } = around;
  const read = (words: string | undefined, titles: string) => readWords(words ?? "", { titles, bare: true, pieces }); // biome-ignore format: one line
  switch (block.kind) {
    case "attention":
      return attentionPlace(cell);
    case "tokens":
      return { position: numberAt(cell.position) };
    case "grid":
      return gridPlace(block, cell, around);
    case "bars":
      return read(block.bars[first]?.label, block.title);
    case "table":
      return tablePlace(block, numberAt(cell.row) ?? -1, around);
    case "lines":
      return readWords(`${cell.x ?? ""}`, { titles: block.xTitle, bare: /layer|after|before|head/i.test(block.xTitle) }); // biome-ignore format: one line
    case "scatter":
      return read(block.points[first]?.label, block.title);
    case "graph":
      return read(block.nodes.find(({ id }) => id === node)?.label ?? node, "");
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

/** Every cell says something, in the words of its column; numbers that are measured name nothing. */
function tablePlace({ columns, rows }: TableBlock, row: number, { pieces }: Surroundings): Found {
  const found = (rows[row] ?? []).map((cell, at): Found => {
    const title = columns[at]?.title ?? "";
    const words = rowText(cell);
    if (/^position$/i.test(title.trim()) && /^-?\d+$/.test(words)) {
      const position = Number(words);
      return { position: position < 0 ? position + pieces.length : position };
    }
    const names = at === 0 || /^(layer|head|where|site|edge|component|after|writes)\b/i.test(title);
    return readWords(words, { titles: title, bare: names, pieces });
  });
  return Object.assign({}, ...found.reverse()); // what stands on the left holds
}

function gridPlace(block: GridBlock, cell: Cell, around: Surroundings): Found {
  const titles = `${block.title} ${block.rowTitle}`;
  const [row, column] = [numberAt(cell.row) ?? -1, numberAt(cell.column) ?? -1];
  const ofRow = readWords(block.rows[row] ?? "", { titles, bare: true });
  const ofColumn = readWords(block.columns[column] ?? "", { titles: "", bare: /head/i.test(block.columnTitle) }); // biome-ignore format: one line
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
  if (cell.layer === "embedding") return { layer: 0, part: "before" };
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

function rowText(cell: string | { readonly text: string } | undefined): string {
  return typeof cell === "object" ? cell.text : (cell ?? "");
}

function inside(position: number | undefined, { pieces }: Surroundings): number | undefined {
  return position !== undefined && position >= 0 && position < pieces.length ? position : undefined;
}

function clamp(layer: number, layers: number): number {
  return Math.max(0, Math.min(layers - 1, layer));
}
