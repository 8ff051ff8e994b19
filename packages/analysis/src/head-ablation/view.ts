/** Head ablation as blocks: the metric with and without the heads. */
import {
  type Block,
  fedBlocks,
  formatNumber,
  noteBlocks,
  readsResult,
  text,
  visibleToken,
} from "@mlxterp/results";
import { type AblationResult, ablationShape } from "./result.js";

/** More prompts than this are no longer told apart in a picture. */
const most = 20;

export const ablationView = readsResult(ablationShape, (result: AblationResult): Block[] => {
  const { fed, tables } = result;
  const [{ metric, baseline, ablated, value, low, high }] = tables.change.rows;
  const names = (result.asked.heads as [number, number][]).map((head) => head.join("."));
  const heads = `${names.length === 1 ? "head" : "heads"} ${names.join(", ")}`;
  const how = result.asked.method === "zero" ? "set to zero" : "held at the mean";
  const interval =
    low === null || high === null
      ? ""
      : ` (95 % interval ${formatNumber(low)} to ${formatNumber(high)}, over ${fed.length} prompts)`;
  const rows = tables.scores.rows.slice(0, most);
  const bars = rows.flatMap((row) => [
    { label: `${nameOf(result, row.prompt)}: intact`, value: row.baseline },
    { label: `${nameOf(result, row.prompt)}: without`, value: row.ablated },
  ]);
  return [
    ...fedBlocks(fed),
    ...noteBlocks(result.notes),
    text(
      `With ${heads} ${how}, the ${metric} goes from ${formatNumber(baseline)} to ${formatNumber(ablated)}: a change of ${formatNumber(value)}${interval}.`,
    ),
    {
      kind: "bars",
      title: `Without ${heads}`,
      subtitle: `${metric} at the last position, intact and with ${heads} ${how}`,
      axis: metric,
      bars,
    },
  ];
});

function nameOf({ fed }: AblationResult, prompt: number): string {
  const { answer, wrongAnswer } = fed[prompt];
  const tokens = [answer, wrongAnswer].flatMap((token) =>
    token ? [visibleToken(token.text)] : [],
  );
  return fed.length === 1 ? tokens.join(" − ") : `${prompt}. ${tokens.join(" − ")}`;
}
