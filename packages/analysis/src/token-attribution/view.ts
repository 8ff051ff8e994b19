/** Token attribution as blocks: the prompt coloured by it, and the strongest tokens. */
import {
  type Block,
  divergingAround,
  fedBlocks,
  formatNumber,
  noteBlocks,
  readsResult,
  text,
  visibleToken,
} from "@mlxterp/results";
import { type TokenResult, tokenShape } from "./result.js";

const most = 12;

export const tokenView = readsResult(tokenShape, (result: TokenResult): Block[] => {
  const { attribution } = result.grids;
  const [{ metric, value, baseline, total, gap }] = result.tables.completeness.rows;
  const { pieces } = result.fed[0];
  const values = [...attribution.values];
  const bars = pieces
    .map((piece, at) => ({ label: `${visibleToken(piece)} (${at})`, value: values[at] }))
    .sort((a, b) => Math.abs(b.value) - Math.abs(a.value))
    .slice(0, most);
  return [
    ...fedBlocks(result.fed),
    ...noteBlocks(result.notes),
    text(
      `${metric}: ${formatNumber(value)} at the prompt, ${formatNumber(baseline)} at the baseline; the tokens add up to ${formatNumber(total)}, off by ${formatNumber(gap)}.`,
    ),
    {
      kind: "tokens",
      label: "speaks for the answer",
      pieces,
      values,
      scale: divergingAround(values, 0),
    },
    {
      kind: "bars",
      title: "Which tokens speak for the answer",
      subtitle: `by ${result.asked.scoring}; the ${bars.length} strongest of ${pieces.length}`,
      axis: metric,
      bars,
    },
  ];
});
