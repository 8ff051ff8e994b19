/** Path patching as blocks: a map of heads, and which of them the receivers need most. */
import {
  type Block,
  divergingAround,
  fedBlocks,
  formatCell,
  type Grid,
  type GridBlock,
  labelText,
  noteBlocks,
  readsResult,
  rowsOf,
  text,
} from "@mlxterp/results";
import { baselineText } from "../edge-attribution/view.js";
import { type AnyPathResult, pathShape } from "./result.js";

export const pathView = readsResult(pathShape, (result: AnyPathResult): Block[] => {
  const { baselines } = result.tables;
  return [
    ...fedBlocks(result.fed),
    ...noteBlocks(result.notes),
    text(`${baselineText(baselines.rows)} 0 nothing lost, 1 as bad as the corrupted prompt.`),
    senderGrid(result),
    text(strongest(result)),
  ];
});

/**
 * What the receivers lose: layers × heads, or one row for each set of senders that was named.
 *
 * @example
 * const paths = await pathPatching(model, { clean, corrupted }, { answer: "Mary", wrongAnswer: "John" });
 * senderGrid(paths).kind; // "grid"
 */
export const senderGrid = readsResult(pathShape, ({ grids, asked }: AnyPathResult): GridBlock => {
  const effect: Grid = grids.effect;
  const { layer, head, senders = [] } = effect.labels;
  const receivers = (asked.receivers as string[]).join(", ");
  return {
    kind: "grid",
    title: `What ${layer ? "each head tells" : "senders tell"} ${receivers}`,
    subtitle: `Path patching, MLPs ${asked.mlps}`,
    rowTitle: "",
    columnTitle: "",
    rows: layer ? layer.map((one) => `layer ${one}`) : senders.map(labelText),
    columns: layer ? head.map((one) => `head ${one}`) : ["effect"],
    values: layer ? rowsOf(effect) : [...effect.values].map((value) => [value]),
    scale: divergingAround(effect.values, 0, 0.05),
    legend: "effect: 0 nothing lost, 1 as corrupted",
    unit: layer ? "heads" : "senders",
  };
});

function strongest({ grids }: AnyPathResult): string {
  const { values, labels }: Grid = grids.effect;
  let best = 0;
  for (let at = 1; at < values.length; at++) {
    if (Math.abs(values[at]) > Math.abs(values[best])) best = at;
  }
  const heads = labels.head?.length ?? 1;
  const name = labels.senders ? labelText(labels.senders[best]) : `head ${Math.floor(best / heads)}.${best % heads}`; // biome-ignore format: one choice
  return `Strongest: ${name}: ${formatCell(values[best])}.`;
}
