/** Attribution patching as blocks: a map for each kind, and what stands out in it. */

import {
  type Block,
  divergingAround,
  fedBlocks,
  type Grid,
  type GridBlock,
  type Label,
  labelKey,
  labelText,
  noteBlocks,
  readsResult,
  text,
} from "@mlxterp/results";
import { baselineText } from "../edge-attribution/view.js";
import { notThere } from "../shared/not-there.js";
import { strongestCell } from "../shared/strongest.js";
import type { NodeKind } from "./nodes.js";
import { type AttributionPatchingResult, attributionPatchingShape } from "./result.js";

const titles: Readonly<Record<NodeKind, string>> = {
  residual: "Patching the residual stream before each layer, estimated",
  attention: "Patching what attention adds, estimated",
  mixer: "Patching what the mixer adds, estimated",
  mlp: "Patching what the MLP adds, estimated",
  head: "Patching single heads, estimated; the sum over positions",
  query: "Patching queries, estimated; the sum over positions",
  key: "Patching keys, estimated; the sum over positions",
  value: "Patching values, estimated; the sum over positions",
};

export const attributionPatchingView = readsResult(
  attributionPatchingShape,
  (result: AttributionPatchingResult): Block[] => {
    const kinds = (Object.keys(titles) as NodeKind[]).filter((kind) => result.grids[kind]);
    const into = result.asked.direction === "denoising" ? "clean into corrupted" : "corrupted into clean"; // biome-ignore format: one choice
    const start = `${baselineText(result.tables.baselines.rows)} ${into}; 0 changes nothing, 1 goes all the way.`;
    return [
      ...fedBlocks(result.fed),
      ...noteBlocks(result.notes),
      text(start),
      ...kinds.flatMap((kind) => {
        const grid = attributionPatchingGrid(result, kind);
        return [grid, text(strongestCell(grid))];
      }),
    ];
  },
);

/**
 * Layers × positions, or × heads with the sum over positions.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for a kind that was not scored
 * @example
 * const estimates = await attributionPatching(model, { clean, corrupted }, { answer: "Mary", wrongAnswer: "John" });
 * attributionPatchingGrid(estimates, "head").kind; // "grid"
 */
export const attributionPatchingGrid = readsResult(
  attributionPatchingShape,
  ({ grids, asked }: AttributionPatchingResult, kind: NodeKind): GridBlock => {
    const grid: Grid | undefined = grids[kind];
    if (!grid) throw notThere(kind, grids);
    const { layer, head, position } = grid.labels as Record<string, readonly Label[]>;
    const columns = head ?? position;
    const each = head ? position.length : 1;
    const values = layer.map((_, row) =>
      columns.map((_label, column) => {
        const start = (row * columns.length + column) * each;
        return Array.from(grid.values.subarray(start, start + each)).reduce((a, b) => a + b, 0);
      }),
    );
    return {
      kind: "grid",
      title: titles[kind],
      subtitle: describedRule(asked),
      rowTitle: "patched in",
      columnTitle: head ? "" : "position",
      rows: layer.map((one) => `layer ${labelText(one)}`),
      columns: columns.map((one) => (head ? `head ${labelText(one)}` : labelText(one))),
      values,
      rowPlaces: { axis: "layer", at: layer.map(labelKey) },
      columnPlaces: { axis: head ? "head" : "position", at: columns.map(labelKey) },
      scale: divergingAround(values.flat(), 0, 0.05),
      legend: "estimated effect",
      unit: head ? "heads" : "positions",
    };
  },
);

function describedRule({ rule, qkFix, gradDrop }: AttributionPatchingResult["asked"]): string {
  const by =
    {
      relp: "by relevance",
      "relp-qk": "by relevance, also through queries and keys",
      gim: "by GIM",
    }[String(rule)] ?? "by gradients";
  const also = [qkFix && "the softmax run", gradDrop && "layers left out one by one"];
  return [by, ...also.filter(Boolean)].join(", ");
}
