/** All of a layer's experts in one tensor, as gpt-oss has them. */
import { mx } from "@mlxterp/mlx";
import { compact, type WeightRule } from "../../checkpoint/table/weight-table.js";

/** All experts in one tensor, (experts, in, out); `parts` of them take turns along the last axis. */
export function stackedExperts(into: readonly string[]): WeightRule {
  return {
    into,
    transform: (tensor) =>
      into.map((path, part) => {
        const own = tensor.index("...", mx.Slice(part, null, into.length));
        return compact(path.endsWith(".weight") ? own.swapaxes(1, 2) : own);
      }),
    storedShape: ([[experts, out, from]]) => {
      const columns = into.length * out;
      return from === undefined ? [experts, columns] : [experts, from, columns];
    },
  };
}

/** The same, stored (experts, out, in) as MXFP4 files have it; `parts` of them take turns along the rows. */
export function stackedExpertRows(into: readonly string[]): WeightRule {
  return {
    into,
    transform: (tensor) =>
      into.map((_, part) =>
        compact(tensor.index(mx.Slice(), mx.Slice(part, null, into.length), mx.Slice())),
      ),
    storedShape: ([[experts, out, from]]) => [experts, into.length * out, from],
  };
}

/** What takes turns in the wider of the two tensors. */
export const gateAndUp = ["layers.*.mlp.gateProj", "layers.*.mlp.upProj"];
