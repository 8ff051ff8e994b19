/** Granite 3 with experts and one that sees every token (`model_type: "granitemoeshared"`). */

import { z } from "zod";
import { stackedRows } from "../../checkpoint/table/fused-weights.js";
import { withDefault } from "../shared/config-json.js";
import { graniteExpertModules } from "../shared/experts.js";
import { graniteExperts, graniteParts } from "../shared/granite-parts.js";
import { likeLlama } from "../shared/like-llama.js";
import { part } from "../shared/part.js";

const shared = "layers.*.mlp.sharedExpert";

const sharedHidden = part(
  () => ({ shared_intermediate_size: withDefault(z.int().nonnegative(), 0) }),
  ({ shared_intermediate_size: width }) => width || undefined,
);

export const granitemoeshared = likeLlama("granitemoeshared", {
  ...graniteParts,
  experts: graniteExperts(sharedHidden),
  names: ({ layers: [{ mlp }] }) => {
    const width = mlp.experts?.sharedHidden ?? 0;
    return {
      ...graniteExpertModules,
      "layers.*.shared_mlp.input_linear": stackedRows(
        [`${shared}.gateProj`, `${shared}.upProj`],
        [width, width],
      ),
      "layers.*.shared_mlp.output_linear": `${shared}.downProj`,
    };
  },
});
