/** Puts zeros in an activation's place. */
import type { Intervention } from "@mlxterp/core";
import { mx } from "@mlxterp/mlx";
import { defineIntervention } from "../definition/define-intervention.js";
import { HeldArray } from "../values/held-array.js";

/** Its data. */
export const zeroOutDefinition = defineIntervention({
  type: "zeroOut",
  fields: {},
  make() {
    const zero = new HeldArray("value", 0);
    return (x, { site }) => mx.broadcastTo(zero.as(x.dtype, "zeroOut", site), x.shape);
  },
});

/**
 * Replaces an activation by zeros (zero ablation). What came before is then not computed at all, unless something else needs it.
 *
 * @returns an intervention for a site of any shape and dtype
 * @example
 * await model.run(prompt, { interventions: { "layers.3.selfAttn.z": atHeads(2, zeroOut()) } });
 */
export function zeroOut(): Intervention {
  return zeroOutDefinition.create({});
}
