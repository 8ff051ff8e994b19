/** Path patching as blocks: a map of heads, and which of them the receivers need most. */
import {
  type Block,
  divergingAround,
  fedBlocks,
  formatCell,
  type GridBlock,
  noteBlocks,
  rowsOf,
  text,
} from "@mlxterp/results";
import { baselineText } from "../edge-attribution/view.js";
import type { PathResult } from "./result.js";

export function pathView(result: PathResult): Block[] {
  const { baselines } = result.tables;
  return [
    ...fedBlocks(result.fed),
    ...noteBlocks(result.notes),
    text(`${baselineText(baselines.rows)} 0 nothing lost, 1 as bad as the corrupted prompt.`),
    senderGrid(result),
    text(strongest(result)),
  ];
}

/**
 * Layers × heads: what the receivers lose.
 *
 * @example
 * const paths = await pathPatching(model, { clean, corrupted }, { answer: "Mary", wrongAnswer: "John" });
 * senderGrid(paths).kind; // "grid"
 */
export function senderGrid({ grids, asked }: PathResult): GridBlock {
  const { effect } = grids;
  const receivers = (asked.receivers as string[]).join(", ");
  return {
    kind: "grid",
    title: `What each head tells ${receivers}`,
    subtitle: `Path patching, MLPs ${asked.mlps}`,
    rowTitle: "",
    columnTitle: "",
    rows: effect.labels.layer.map((layer) => `layer ${layer}`),
    columns: effect.labels.head.map((head) => `head ${head}`),
    values: rowsOf(effect),
    scale: divergingAround(effect.values, 0, 0.05),
    legend: "effect: 0 nothing lost, 1 as corrupted",
    unit: "heads",
  };
}

function strongest({ grids }: PathResult): string {
  const { values, labels } = grids.effect;
  let best = 0;
  for (let at = 1; at < values.length; at++) {
    if (Math.abs(values[at]) > Math.abs(values[best])) best = at;
  }
  const heads = labels.head.length;
  return `Strongest: head ${Math.floor(best / heads)}.${best % heads}: ${formatCell(values[best])}.`;
}
