/** A scan as blocks: the findings as a table, what was patched as bars, and what was not looked at. */
import {
  type Block,
  fedBlocks,
  formatNumber,
  noteBlocks,
  readsResult,
  text,
} from "@mlxterp/results";
import { type Finding, type ScanResult, scanShape } from "./result.js";

export const scanView = readsResult(scanShape, ({ fed, notes, tables }: ScanResult): Block[] => {
  const { rows } = tables.findings;
  const patched = rows.filter(({ method }) => method === "patch");
  return [
    ...fedBlocks(fed.slice(0, 2)),
    ...causes(rows).map(({ finding }) => text(`${finding}.`)),
    text("What was found, causes first, each beside what chance gives in its place:"),
    {
      kind: "table",
      fixed: 3,
      columns: [
        { title: "", align: "right" },
        { title: "where" },
        { title: "by" },
        { title: "value", align: "right" },
        { title: "95 %", align: "right" },
        { title: "chance", align: "right" },
      ],
      rows: rows.map((one) => [
        String(one.rank),
        shortened(one.where),
        one.method,
        `${formatNumber(one.value)} ${one.unit}`,
        intervalOf(one),
        one.null === null ? "–" : formatNumber(one.null),
      ]),
    },
    ...(patched.length === 0 ? [] : [patchBars(patched)]),
    ...noteBlocks(notes),
  ];
});

/** In words: how well the task is done, and the strongest causes. */
function causes(rows: readonly Finding[]): Finding[] {
  const of = (method: string, count: number) => rows.filter((one) => one.method === method).slice(0, count); // biome-ignore format: one line
  return [...of("task", 1), ...of("lens", 1), ...of("patch", 3)];
}

function shortened(where: string): string {
  const parts = where.split(", ");
  return parts.length > 2 ? `${parts.length} heads together` : where;
}

function intervalOf({ low, high }: Finding): string {
  return low === null || high === null ? "–" : `${formatNumber(low)} … ${formatNumber(high)}`;
}

function patchBars(patched: readonly Finding[]): Block {
  const [{ null: chance }] = patched;
  return {
    kind: "bars",
    title: "What restores the answer",
    subtitle: `from the corrupted (0) to the clean prompt (1)${chance === null ? "" : `; random ones at most ${formatNumber(chance)}`}`,
    axis: "effect",
    bars: patched.map(({ where, value, low, high }) => ({
      label: where,
      value,
      ...(low !== null && high !== null && { low, high }),
    })),
  };
}
