/** The data of `skip`, which the core makes: it leaves a module out of a pass. */
import { skip } from "@mlxterp/core";
import { z } from "zod";
import { defineIntervention } from "../definition/define-intervention.js";

/** Its data. */
export const skipDefinition = defineIntervention({
  type: "skip",
  fields: { output: z.enum(["input", "zeros"]).optional() },
  make: ({ output }) => skip({ output }),
});
