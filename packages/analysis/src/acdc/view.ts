/** ACDC as blocks: how much was left out at what cost, and the graph of what was not. */
import {
  type Block,
  fedBlocks,
  formatNumber,
  noteBlocks,
  readsResult,
  text,
} from "@mlxterp/results";
import { baselineText, edgeGraph } from "../edge-attribution/view.js";
import { type AcdcResult, acdcShape } from "./result.js";

/** Edges that are drawn, and listed. */
const [drawn, listed] = [60, 20];

export const acdcView = readsResult(acdcShape, (result: AcdcResult): Block[] => {
  const { summary, edges, baselines } = result.tables;
  const [{ threshold, metric, allEdges, onPaths, cost }] = summary.rows;
  const unit = metric === "kl" ? "nats of divergence" : `of ${metric}`;
  return [
    ...fedBlocks(result.fed),
    ...noteBlocks(result.notes),
    text(baselineText(baselines.rows)),
    text(
      `${onPaths} of ${allEdges} edges are left; without the others the prediction costs ${formatNumber(cost)} ${unit} (${threshold} allowed for each).`,
    ),
    {
      kind: "bars",
      title: "What each edge would have cost",
      subtitle: `the ${Math.min(listed, edges.rows.length)} dearest of ${edges.rows.length}`,
      axis: unit,
      bars: edges.rows.slice(0, listed).map(({ source, destination, score }) => {
        return { label: `${source} → ${destination}`, value: score };
      }),
    },
    edgeGraph("The circuit", edges.rows.slice(0, drawn)),
  ];
});
