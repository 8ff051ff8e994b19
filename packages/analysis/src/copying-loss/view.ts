/** The copying loss as blocks: a table of both copies, and the second one token by token. */
import {
  type Block,
  fedBlocks,
  formatCell,
  noteBlocks,
  readsResult,
  rowsOf,
  section,
  text,
} from "@mlxterp/results";
import { type CopyingLossResult, copyingLossShape } from "./result.js";

const runNames = { intact: "intact", without: "without", control: "without as many:" } as const;

export const copyingLossView = readsResult(
  copyingLossShape,
  (result: CopyingLossResult): Block[] => {
    const { fed, grids, tables } = result;
    const { rows } = tables.losses;
    const named = rows.map(({ run, heads }) => `${runNames[run]} ${heads}`.trim());
    const about =
    fed[0].role === "random" ? `${fed.length} random sequences, said twice` : `${fed.length} prompts`; // biome-ignore format: one expression
    return [
      ...fedBlocks(fed),
      ...noteBlocks(result.notes),
      section("Loss", {
        kind: "table",
        columns: [
          { title: "heads" },
          { title: "first copy", align: "right" },
          { title: "second copy", align: "right" },
        ],
        rows: rows.map(({ first, second }, at) => [
          named[at],
          formatCell(first),
          formatCell(second),
        ]),
        widest: 60,
      }),
      text(`Nats per token over ${about}, without the first token of each copy.`, "quiet"),
      {
        kind: "lines",
        title: "Loss in the second copy",
        xTitle: "token of the copy",
        yTitle: "nats",
        x: grids.second.labels.token.map(Number),
        lines: rowsOf(grids.second).map((values, at) => ({ label: named[at], values })),
        only: "page",
      },
    ];
  },
);
