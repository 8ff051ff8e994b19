/** What saving has to know of a tensor that was loaded. */

import type { CheckpointTensor } from "../checkpoint.js";
import { findTarget, type WeightTable, withoutPrefix } from "../table/weight-table.js";
import type { PlannedTensor } from "./weight-plan.js";

/** @param shapes of the parameters */
export function rememberTensor(
  { stored, target }: PlannedTensor,
  table: WeightTable,
  shapes: ReadonlyMap<string, readonly number[]>,
): CheckpointTensor {
  const { name } = stored.entry;
  const stacked = stackedNames(table, name, target.parameters);
  const plainName = name.replace(/\.weight$/, "");
  const plain = plainName === name ? undefined : findTarget(table, plainName);
  if (!plain || plain === "ignored") return { name, shape: stored.shape, target, stacked };
  // A packed form of what the family's plain files store under the bare name.
  const own = plain.parameters.map((path) => shapes.get(path) ?? []);
  const shape = plain.rule.storedShape?.(own, plain.kind) ?? own[0];
  return { name: plainName, shape, target: plain, stacked };
}

/** The names of whole parameters among a table's plain renamings, for experts. */
function stackedNames(
  table: WeightTable,
  name: string,
  parameters: readonly string[],
): readonly string[] | undefined {
  const { modules } = table;
  const prefix = name.slice(0, name.length - withoutPrefix(table, name).length);
  const names = parameters.map((path) => {
    const [, layer = "", rest, kind] = /^layers\.(\d+)\.(mlp\..*)\.(\w+)$/.exec(path) ?? [];
    const found = Object.entries(modules).find(
      ([key, into]) => into === `layers.*.${rest}` && key.split("*").length === 2,
    );
    return found && `${prefix}${found[0].replace("*", layer)}.${kind}`;
  });
  return names.every((found) => found !== undefined) ? names : undefined;
}
