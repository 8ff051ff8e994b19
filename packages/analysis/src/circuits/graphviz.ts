/** Graphs in the language of Graphviz. */
import { checkBlock, checkChoice, type GraphBlock } from "@mlxterp/results";

/**
 * A graph as text that `dot -Tsvg` draws: ranks from bottom to top, positive edges solid, negative ones dashed, wider where stronger.
 *
 * @example
 * const found = await findCircuit(model, { clean, corrupted }, { answer: "Mary", wrongAnswer: "John" });
 * graphToDot(edgeGraph("The circuit", found.tables.edges.rows)).startsWith("digraph"); // true
 */
export function graphToDot(graph: GraphBlock): string {
  checkBlock("graph", graph);
  checkChoice("graph.kind", graph.kind, ["graph"]);
  const { title, nodes, edges } = graph;
  const quoted = (text: string) => `"${text.replace(/["\\]/g, "\\$&").replaceAll("\n", " ")}"`;
  const most = Math.max(...edges.map(({ weight }) => Math.abs(weight)), Number.MIN_VALUE);
  const ranks = [...new Set(nodes.map(({ rank }) => rank))].sort((a, b) => a - b);
  const lines = [
    `  label=${quoted(title)}; rankdir=BT; node [shape=box, style=rounded];`,
    ...nodes.map(({ id, label }) => `  ${quoted(id)} [label=${quoted(label)}];`),
    ...ranks.map((rank) => {
      const same = nodes.filter((node) => node.rank === rank).map(({ id }) => quoted(id));
      return `  { rank=same; ${same.join("; ")}; }`;
    }),
    ...edges.map(({ from, to, weight }) => {
      const width = (0.5 + (3.5 * Math.abs(weight)) / most).toFixed(2);
      const style = weight < 0 ? "dashed" : "solid";
      return `  ${quoted(from)} -> ${quoted(to)} [penwidth=${width}, style=${style}, tooltip=${quoted(String(weight))}];`; // biome-ignore format: one line
    }),
  ];
  return `digraph circuit {\n${lines.join("\n")}\n}\n`;
}
