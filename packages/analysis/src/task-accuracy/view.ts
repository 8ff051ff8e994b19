/** How well a task is done, as blocks: shares, and every prompt. */
import {
  type Block,
  formatNumber,
  formatPercent,
  noteBlocks,
  readsResult,
  type TableBlock,
  text,
  visibleToken,
} from "@mlxterp/results";
import { type TaskAccuracyResult, taskAccuracyShape } from "./result.js";

/** Prompts that are listed. */
const listed = 20;

export const taskAccuracyView = readsResult(
  taskAccuracyShape,
  (result: TaskAccuracyResult): Block[] => {
    const lines = result.tables.summary.rows.map(({ prompt, prefers, first, logitDifference }) => {
      return text(
        `${prompt}: prefers its answer on ${formatPercent(prefers)} of the prompts and puts it first on ${formatPercent(first)}; logit difference ${formatNumber(logitDifference)} on average.`,
      );
    });
    return [...noteBlocks(result.notes), ...lines, taskTable(result)];
  },
);

/**
 * The first prompts with what the model makes of them.
 *
 * @example
 * const { pairs, question } = builtInTask(model, "ioi", { size: 2 });
 * taskTable(await taskAccuracy(model, pairs, question)).kind; // "table"
 */
export const taskTable = readsResult(
  taskAccuracyShape,
  ({ fed, tables }: TaskAccuracyResult): TableBlock => {
    const { rows } = tables.prompts;
    const shown = rows.slice(0, listed);
    return {
      kind: "table",
      caption: `The ${shown.length === rows.length ? "" : "first "}${shown.length} prompts`,
      columns: [
        { title: "prompt" },
        { title: "says" },
        { title: "rank", align: "right" },
        { title: "difference", align: "right" },
      ],
      rows: shown.map(({ pair, prompt, first, rank, logitDifference }) => [
        fed[2 * pair + (prompt === "clean" ? 0 : 1)].pieces.slice(-8).map(visibleToken).join(" "),
        visibleToken(first),
        `${rank}`,
        formatNumber(logitDifference),
      ]),
    };
  },
);
