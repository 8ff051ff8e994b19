/** Edge attribution as blocks: the strongest edges as bars, and as a graph. */

import {
  type Bar,
  type Block,
  fedBlocks,
  formatNumber,
  type GraphBlock,
  noteBlocks,
  readsResult,
  text,
} from "@mlxterp/results";
import {
  brief,
  checkList,
  checkNumber,
  checkRecord,
  checkText,
  InvalidArgumentError,
} from "@mlxterp/results/errors";
import { mean } from "../shared/lists.js";
import { type EdgeBaseline, type EdgeResult, type EdgeRow, edgeShape } from "./result.js";

/** Edges drawn as bars, and as a graph. */
const [bars, drawn] = [20, 40];

export const edgeView = readsResult(edgeShape, (result: EdgeResult): Block[] => {
  const { edges, baselines } = result.tables;
  const shown = edges.rows.slice(0, bars);
  return [
    ...fedBlocks(result.fed),
    ...noteBlocks(result.notes),
    text(baselineText(baselines.rows)),
    {
      kind: "bars",
      title: "The strongest edges",
      subtitle: `${shown.length} of ${edges.rows.length}, scored by ${result.asked.scoring}; positive: the clean answer needs it`,
      axis: baselines.rows[0].metric,
      bars: shown.map(edgeBar),
    },
    edgeGraph("Where it flows", edges.rows.slice(0, drawn)),
  ];
});

export function baselineText(rows: readonly EdgeBaseline[]): string {
  const clean = formatNumber(mean(rows.map((row) => row.clean)));
  const corrupted = formatNumber(mean(rows.map((row) => row.corrupted)));
  const over = rows.length > 1 ? `, mean of ${rows.length} pairs` : "";
  return `${rows[0].metric}${over}: ${clean} clean, ${corrupted} corrupted.`;
}

function edgeBar({ source, destination, score, low, high }: EdgeRow): Bar {
  const label = `${source} → ${destination}`;
  return { label, value: score, ...(low !== undefined && high !== undefined && { low, high }) };
}

/**
 * Components from left to right in the order that they compute, with what flows between them.
 *
 * @example
 * const { tables } = await edgeAttribution(model, { clean, corrupted }, { answer: "Mary", wrongAnswer: "John" });
 * edgeGraph("All", tables.edges.rows).kind; // "graph"
 */
export function edgeGraph(
  title: string,
  rows: readonly Pick<EdgeRow, "source" | "destination" | "score">[],
): GraphBlock {
  checkText("title", title);
  checkList("rows", rows);
  for (const [index, row] of rows.entries()) {
    checkRecord(`rows[${index}]`, row);
    checkComponent(`rows[${index}].source`, row.source);
    checkComponent(`rows[${index}].destination`, row.destination);
    checkNumber(`rows[${index}].score`, row.score);
  }
  const reader = (name: string) => name.replace(/<[qkv]+>$/, "");
  const names = rows.flatMap(({ source, destination }) => [source, reader(destination)]);
  const nodes = [...new Set(names)].map((id) => ({ id, label: id, rank: rankOf(id) }));
  const ranks = [...new Set(nodes.map(({ rank }) => rank))].sort((a, b) => a - b);
  return {
    kind: "graph",
    title,
    subtitle: `${rows.length} edges`,
    nodes: nodes.map((node) => ({ ...node, rank: ranks.indexOf(node.rank) })),
    edges: rows.map(({ source, destination, score }) => {
      return { from: source, to: reader(destination), weight: score };
    }),
  };
}

/** Every component but the first and the last says its layer. */
function checkComponent(argument: string, name: unknown): void {
  if (/^(input|logits)$|\d/.test(checkText(argument, name))) return;
  const rule = `must be a component, such as L1H0, m2, input or logits, not ${brief(name)}.`;
  throw new InvalidArgumentError(argument, name, rule);
}

/** Attention and MLP of each layer are a column each. */
function rankOf(name: string): number {
  if (name === "input") return 0;
  if (name === "logits") return Number.MAX_SAFE_INTEGER;
  const layer = Number(/\d+/.exec(name)![0]);
  return 1 + 2 * layer + (name.startsWith("m") ? 1 : 0);
}
