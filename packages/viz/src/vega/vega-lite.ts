/** Blocks as Vega-Lite: for notebooks, editors and papers that draw by themselves. */
import {
  type Block,
  type ColourScale,
  checkBlock,
  InvalidArgumentError,
  visibleToken,
} from "@mlxterp/results";
import { themes } from "../design/theme.js";
import { layeredPlaces } from "../layout/layered.js";

/** A specification of Vega-Lite 5, as plain data. */
export type VegaLiteSpec = Readonly<Record<string, unknown>>;

const { light } = themes;
const schema = "https://vega.github.io/schema/vega-lite/v5.json";

type Spec = Record<string, unknown>;

/**
 * A block as a specification with its data in it.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what is no block, and for texts and sections, which are no charts; a table becomes its rows as text
 * @example
 * vegaLite({ kind: "bars", title: "Parts", axis: "logits", bars: [{ label: "head 1.0", value: 2 }] }).mark; // undefined
 */
export function vegaLite(block: Block): VegaLiteSpec {
  checkBlock("block", block);
  return { $schema: schema, ...specOf(block) };
}

function specOf(block: Block): Spec {
  switch (block.kind) {
    case "grid":
      return gridSpec(block);
    case "bars":
      return barsSpec(block);
    case "lines":
      return linesSpec(block);
    case "histogram":
      return histogramSpec(block);
    case "scatter":
      return scatterSpec(block);
    case "attention":
      return attentionSpec(block);
    case "tokens":
      return tokensSpec(block);
    case "graph":
      return graphSpec(block);
    case "table":
      return tableSpec(block);
    default:
      throw new InvalidArgumentError("block", block, `one of kind "${block.kind}" is no chart.`);
  }
}

type Of<K extends Block["kind"]> = Extract<Block, { kind: K }>;

const titled = ({ title, subtitle }: { title: string; subtitle?: string }) => ({
  title: { text: title, ...(subtitle && { subtitle }), anchor: "start" },
});
const rows = (values: readonly object[]) => ({ data: { values } });
const field = (name: string, type: string, more: Spec = {}) => ({ field: name, type, ...more });

/** Names of fields are few and fixed: a title may hold dots and brackets, which Vega reads as paths. */
function colour(name: string, scale: ColourScale, title: string): Spec {
  const range = scale.kind === "diverging" ? light.diverging : light.sequential;
  const middle = scale.kind === "diverging" ? { domainMid: scale.pivot } : {};
  return field(name, "quantitative", { title, scale: { domain: scale.domain, ...middle, range, clamp: true } }); // biome-ignore format: one call
}

function gridSpec(block: Of<"grid">): Spec {
  const { rows: names, columns, values, cells, details, upwards = true } = block;
  const data = values.flatMap((line, row) =>
    line.map((value, column) => {
      const cell = cells?.[row][column];
      const text = cell === undefined ? {} : { text: typeof cell === "string" ? cell : cell.text };
      return { row, column, value, ...text, detail: details?.[row][column] ?? `${names[row]}, ${columns[column]}` }; // biome-ignore format: one row
    }),
  );
  const axis = (labels: readonly string[], title: string) => ({ title, axis: { labelExpr: `${JSON.stringify(labels)}[datum.value]` } }); // biome-ignore format: one object
  const x = field("column", "ordinal", axis(columns, block.columnTitle));
  const y = field("row", "ordinal", { ...axis(names, block.rowTitle), sort: upwards ? "descending" : "ascending" }); // biome-ignore format: one call
  const fill = colour("value", block.scale, block.legend);
  const layer: Spec[] = [{ mark: "rect", encoding: { x, y, color: fill, tooltip: [field("detail", "nominal"), field("value", "quantitative")] } }]; // biome-ignore format: one list
  if (cells) layer.push({ mark: { type: "text", fontSize: 10 }, encoding: { x, y, text: field("text", "nominal") } }); // biome-ignore format: one call
  return { ...titled(block), ...rows(data), width: { step: cells ? 62 : 36 }, height: { step: 24 }, layer }; // biome-ignore format: one object
}

function barsSpec(block: Of<"bars">): Spec {
  const data = block.bars.map((bar, order) => ({ ...bar, order }));
  const labels = JSON.stringify(block.bars.map(({ label }) => label));
  const y = field("order", "ordinal", {
    title: null,
    axis: { labelExpr: `${labels}[datum.value]` },
  });
  const x = field("value", "quantitative", { title: block.axis });
  const sign = {
    condition: { test: "datum.value < 0", value: light.counter },
    value: light.accent,
  };
  const layer: Spec[] = [{ mark: "bar", encoding: { x, y, color: sign, tooltip: [field("label", "nominal"), field("value", "quantitative")] } }]; // biome-ignore format: one list
  if (data.some(({ low }) => low !== undefined)) {
    layer.push({ mark: "rule", encoding: { y, x: field("low", "quantitative"), x2: { field: "high" } } }); // biome-ignore format: one call
  }
  return { ...titled(block), ...rows(data), width: 420, height: { step: 20 }, layer };
}

function linesSpec(block: Of<"lines">): Spec {
  const data = block.lines.flatMap(
    ({ label, values, low, high }) =>
    values.map((value, at) => ({ x: block.x[at], line: label, value, ...(low && high && { low: low[at], high: high[at] }) })), // biome-ignore format: one row
  );
  const named = block.x.some((place) => typeof place === "string");
  const x = field("x", named ? "ordinal" : "quantitative", { title: block.xTitle, ...(named && { sort: block.x }) }); // biome-ignore format: one call
  const color = field("line", "nominal", { title: null, scale: { range: light.hues } });
  const layer: Spec[] = [{ mark: { type: "line", point: true }, encoding: { x, color, y: field("value", "quantitative", { title: block.yTitle }) } }]; // biome-ignore format: one list
  if (block.lines.some(({ low, high }) => low && high)) {
    layer.unshift({ mark: { type: "area", opacity: 0.15 }, encoding: { x, color, y: field("low", "quantitative"), y2: { field: "high" } } }); // biome-ignore format: one call
  }
  return { ...titled(block), ...rows(data), width: 480, height: 260, layer };
}

function histogramSpec(block: Of<"histogram">): Spec {
  const data = block.counts.map((count, at) => ({ from: block.edges[at], to: block.edges[at + 1], count })); // biome-ignore format: one row
  const x = field("from", "quantitative", { title: block.axis, bin: { binned: true } });
  const encoding = { x, x2: { field: "to" }, y: field("count", "quantitative") };
  return { ...titled(block), ...rows(data), width: 480, height: 240, mark: { type: "bar", color: light.accent }, encoding }; // biome-ignore format: one object
}

function scatterSpec(block: Of<"scatter">): Spec {
  const axis = (title: string) => ({ title, scale: { zero: false } });
  const encoding = { x: field("x", "quantitative", axis(block.xTitle)), y: field("y", "quantitative", axis(block.yTitle)), tooltip: [field("label", "nominal"), field("x", "quantitative"), field("y", "quantitative")] }; // biome-ignore format: one object
  return { ...titled(block), ...rows(block.points), width: 480, height: 320, mark: { type: "point", filled: true, color: light.accent }, encoding }; // biome-ignore format: one object
}

function attentionSpec({ pieces, patterns, causal }: Of<"attention">): Spec {
  const size = pieces.length;
  const data = patterns.flatMap(({ layer, head, weights }) =>
    pieces.flatMap(
      (_, query) =>
      pieces.slice(0, causal ? query + 1 : size).map((_piece, key) => ({ head: `${layer}.${head}`, query, key, weight: weights[query * size + key] })), // biome-ignore format: one row
    ),
  );
  const axis = { axis: { labelExpr: `${JSON.stringify(pieces.map(visibleToken))}[datum.value]` } };
  const encoding = { x: field("key", "ordinal", axis), y: field("query", "ordinal", axis), color: colour("weight", { kind: "sequential", domain: [0, 1] }, "weight") }; // biome-ignore format: one object
  const spec = { width: 180, height: 180, mark: "rect", encoding };
  return { title: { text: "Attention", anchor: "start" }, ...rows(data), facet: field("head", "nominal", { title: null, sort: null }), columns: 4, spec }; // biome-ignore format: one object
}

function tokensSpec({ label, pieces, values, scale }: Of<"tokens">): Spec {
  const data = pieces.map((piece, position) => ({ position, token: visibleToken(piece), ...(values && { value: values[position] }) })); // biome-ignore format: one row
  const x = field("position", "ordinal", { axis: null });
  const fill = values && scale ? { color: colour("value", scale, "value") } : { color: { value: light.ground } }; // biome-ignore format: one choice
  const layer = [{ mark: "rect", encoding: { x, ...fill } }, { mark: "text", encoding: { x, text: field("token", "nominal") } }]; // biome-ignore format: one list
  return {
    title: { text: label, anchor: "start" },
    ...rows(data),
    width: { step: 62 },
    height: 28,
    layer,
  };
}

function graphSpec(block: Of<"graph">): Spec {
  const places = layeredPlaces(block.nodes, block.edges, { column: 160, row: 30 });
  const place = (id: string) => places.get(id) ?? { x: 0, y: 0 };
  const nodes = block.nodes.map(({ id, label }) => ({ label, ...place(id) }));
  const edges = block.edges.map(({ from, to, weight }) => ({ weight, x: place(from).x, y: place(from).y, x2: place(to).x, y2: place(to).y })); // biome-ignore format: one row
  const bare = { axis: null, scale: { zero: false, nice: false, padding: 60 } };
  const [x, y] = [field("x", "quantitative", bare), field("y", "quantitative", { ...bare, sort: "descending" })]; // biome-ignore format: two fields
  const layer = [
    { ...rows(edges), mark: { type: "rule", opacity: 0.6 }, encoding: { x, y, x2: { field: "x2" }, y2: { field: "y2" }, color: { condition: { test: "datum.weight < 0", value: light.counter }, value: light.accent }, tooltip: field("weight", "quantitative") } }, // biome-ignore format: one layer
    { ...rows(nodes), mark: "text", encoding: { x, y, text: field("label", "nominal") } },
  ];
  return { ...titled(block), width: 640, height: 400, layer };
}

function tableSpec({ caption, columns, rows: lines }: Of<"table">): Spec {
  const data = lines.flatMap(
    (line, row) =>
    line.map((cell, column) => ({ row, column, text: typeof cell === "string" ? cell : cell.text })), // biome-ignore format: one row
  );
  const titles = JSON.stringify(columns.map(({ title }) => title));
  const x = field("column", "ordinal", { title: null, axis: { orient: "top", labelExpr: `${titles}[datum.value]`, labelAngle: 0 } }); // biome-ignore format: one call
  const encoding = {
    x,
    y: field("row", "ordinal", { axis: null }),
    text: field("text", "nominal"),
  };
  return { ...(caption && { title: { text: caption, anchor: "start" } }), ...rows(data), width: { step: 140 }, height: { step: 20 }, mark: "text", encoding }; // biome-ignore format: one object
}
